import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Customer } from '../src/message.ts'
import { namesOf } from '../src/names.ts'

const SPACE = { id: 'space-1', name: 'CRM' }
const inGermany = (customer: Customer) => namesOf(customer, SPACE, 'DE')

describe('one customer, whatever the spelling', () => {
  const same: [string, Customer[]][] = [
    [
      'email:ann@example.com',
      [
        'ann@example.com',
        'Ann@Example.COM',
        ' ann@example.com ',
        'mailto:ann@example.com',
        'email: ANN@example.com',
      ].map((email) => ({ email })),
    ],
    [
      'phone:+4930123456',
      [
        '+4930123456',
        '+49 30 123456',
        '+49 (0)30 / 12 34 56',
        '030 123456',
        'tel:+49-30-123456',
        '0049 30 123456',
      ].map((phone) => ({ phone })),
    ],
    ['externalId:space-1:C-1', [{ externalId: 'C-1' }, { externalId: ' C-1 ' }]],
  ]
  for (const [name, customers] of same) {
    for (const customer of customers) {
      test(`${JSON.stringify(customer)}: ${name}`, () => assert.deepEqual(inGermany(customer), [name]))
    }
  }

  test('every identifier that there is', () =>
    assert.deepEqual(
      inGermany({
        externalId: 'C-1',
        email: 'ann@example.com',
        phone: '+4930123456',
        name: 'Ann',
        locale: 'de',
      }),
      ['externalId:space-1:C-1', 'email:ann@example.com', 'phone:+4930123456'],
    ))

  test('what is nearly an address is the same the next time', () => {
    // Letters that no mail address of ours has, a number without its country, one with an extension.
    assert.deepEqual(inGermany({ email: ' Jörg@Müller.example' }), ['email:jörg@müller.example'])
    const abroad = (phone: string) => namesOf({ phone }, SPACE, null)
    assert.deepEqual(abroad('030 / 123456'), ['phone:030123456'])
    assert.deepEqual(abroad('030 / 123456'), abroad('(030) 12 34 56'))
    assert.deepEqual(abroad('+49 30 123456 ext. 7'), ['phone:+49301234567'])
  })
})

describe('two customers', () => {
  test('of the same number in two spaces, or in none', () => {
    const ids = [SPACE, { id: 'space-2', name: 'Shop' }, null].flatMap((space) =>
      namesOf({ externalId: 'C-1' }, space, null),
    )
    assert.equal(new Set(ids).size, 3)
  })

  test('whose ids differ in case', () =>
    assert.notDeepEqual(inGermany({ externalId: 'c-1' }), inGermany({ externalId: 'C-1' })))

  test('of one national number in two countries', () => {
    const inFrance = namesOf({ phone: '030 123456' }, SPACE, 'FR')
    assert.notDeepEqual(inFrance, inGermany({ phone: '030 123456' }))
  })

  test('one of whose identifiers looks like another', () =>
    assert.notDeepEqual(
      inGermany({ externalId: 'ann@example.com' }),
      inGermany({ email: 'ann@example.com' }),
    ))
})

describe('what many strangers share is nobody’s name', () => {
  const nothings =
    ' |-|n/a|N/A|na|#N/A|none|None|NONE|nil|NaN|unknown|Unknown|null| NULL |undefined|true|False|@|+|0|000|000000000|0.0|---|...|_|?|(none)|[object Object]|anonymous|Guest'
  for (const nothing of ['', ...nothings.split('|')]) {
    test(JSON.stringify(nothing), () =>
      assert.deepEqual(inGermany({ externalId: nothing, email: nothing, phone: nothing }), []),
    )
  }
  // What only looks a little like one is somebody's.
  for (const externalId of ['10', '007', 'NA-1', 'nullable', 'C-0', 'true@1', 'Nil Ødegaard', 'é']) {
    test(`but ${JSON.stringify(externalId)} is`, () =>
      assert.deepEqual(inGermany({ externalId }), [`externalId:space-1:${externalId}`]))
  }
  test('who has a name besides keeps it', () =>
    assert.deepEqual(inGermany({ externalId: 'null', email: 'ann@example.com' }), ['email:ann@example.com']))
  test('a blank id', () => assert.deepEqual(inGermany({ externalId: '  ' }), []))
})

test('whatever is typed, a name is one and stays one', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.string(), (externalId, email, phone) => {
      const names = inGermany({ externalId, email, phone })
      assert.deepEqual(inGermany({ externalId, email, phone }), names)
      assert.ok(names.length <= 3)
      for (const name of names) assert.match(name, /^(externalId:space-1|email|phone):./s)
    }),
  )
})
