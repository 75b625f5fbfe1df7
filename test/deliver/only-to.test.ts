import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mayReceive } from '../../src/deliver/only-to.ts'

describe('mayReceive', () => {
  it('lets everybody receive where nobody is listed', () => {
    assert.equal(mayReceive({}, [], null), true)
  })
  it('knows an address in any case and with its prefix, a phone number in any grouping', () => {
    assert.equal(mayReceive({ email: 'QA@Example.com' }, ['qa@example.com'], null), true)
    assert.equal(mayReceive({ email: 'email:qa@example.com' }, ['qa@example.com'], null), true)
    assert.equal(mayReceive({ phone: '+49 (30) 901820' }, ['+4930901820'], null), true)
    assert.equal(mayReceive({ phone: '030 901820' }, ['tel:+49 30 901820'], 'DE'), true)
    assert.equal(mayReceive({ externalId: 'C-1' }, ['C-1'], null), true)
  })
  it('refuses everybody else, also a customer without identifiers', () => {
    assert.equal(
      mayReceive({ email: 'a@example.com', externalId: '7' }, ['b@example.com', '77'], null),
      false,
    )
    assert.equal(mayReceive({ phone: '030 901820' }, ['+4930901820'], null), false)
    assert.equal(mayReceive({}, ['b@example.com'], null), false)
  })
  it('does not take an externalId of digits for a phone number', () => {
    assert.equal(mayReceive({ phone: '4930901820' }, ['4930901820'], 'US'), false)
  })
})
