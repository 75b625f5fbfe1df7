import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { addressOf, emailAddress, phoneNumber } from '../src/address.ts'

describe('phoneNumber', () => {
  const good: [string, string | null, string][] = [
    ['+4930901820102', null, '+4930901820102'],
    ['tel:+1-317-555-0100', null, '+13175550100'],
    ['TEL: +1 (317) 555 0100', null, '+13175550100'],
    ['0171 1234567', 'DE', '+491711234567'],
    ['tel:0171/1234567', 'DE', '+491711234567'],
    ['004930901820102', 'DE', '+4930901820102'],
    ['(317) 555-0100', 'US', '+13175550100'],
    // A country of its own goes before the default.
    ['+44 20 7946 0018', 'DE', '+442079460018'],
  ]
  for (const [text, country, e164] of good) {
    it(`${text} (${country ?? 'no country'}) is ${e164}`, () => {
      assert.deepEqual(phoneNumber(text, country), { kind: 'address', to: e164 })
    })
  }

  const bad: [string, string | null, RegExp][] = [
    ['0171 1234567', null, /no country code/],
    ['+999 123456789', null, /no country code/],
    ['hello', 'DE', /is not a phone number/],
    ['', null, /is not a phone number/],
    ['+1 317', null, /too short or too long/],
    ['+49 1511 2345678 901234', null, /too short or too long/],
    ['+14155550101;ext=3', null, /extension/],
    ['call +14155550101 now', null, /is not a phone number/],
  ]
  for (const [text, country, reason] of bad) {
    it(`${text || 'nothing'} (${country ?? 'no country'}) is refused: ${reason.source}`, () => {
      const address = phoneNumber(text, country)
      assert.ok(address.kind === 'bad')
      assert.match(address.reason, reason)
    })
  }

  it('whatever it is given, comes to E.164 or to a reason without the value', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.constantFrom(null, 'DE', 'US'),
        (text, country) => {
          const address = phoneNumber(text, country)
          if (address.kind === 'address') assert.match(address.to, /^\+[1-9]\d{4,16}$/)
          else assert.ok(text.trim().length < 4 || !address.reason.includes(text.trim()))
        },
      ),
    )
  })
})

describe('emailAddress', () => {
  for (const [text, to] of [
    ['ada@example.com', 'ada@example.com'],
    ['email:ada@example.com', 'ada@example.com'],
    ['mailto:ada@example.com', 'ada@example.com'],
    ['email: ada@example.com', 'ada@example.com'],
    ['r&d!x/y=z@example.com', 'r&d!x/y=z@example.com'],
    [' Ada.O+x@Sub.Example.co.uk ', 'Ada.O+x@Sub.Example.co.uk'],
  ] as const) {
    it(`${text} is ${to}`, () => assert.deepEqual(emailAddress(text), { kind: 'address', to }))
  }
  for (const text of [
    '',
    'ada',
    'ada@',
    '@example.com',
    'a b@example.com',
    'ada@example.com, bob@example.com',
    'ada@localhost',
  ]) {
    it(`${text || 'nothing'} is refused, without its value`, () => {
      assert.deepEqual(emailAddress(text), { kind: 'bad', reason: 'the email address is not one' })
    })
  }
})

describe('addressOf', () => {
  const ada = { externalId: 'C-1', email: 'email:ada@example.com', phone: 'tel:+1 415 555 0101' }
  it('is what each channel wants', () => {
    assert.deepEqual(addressOf('sms', ada, null), { kind: 'address', to: '+14155550101' })
    assert.deepEqual(addressOf('whatsapp', ada, null), { kind: 'address', to: '14155550101' })
    assert.deepEqual(addressOf('email', ada, null), { kind: 'address', to: 'ada@example.com' })
    assert.deepEqual(addressOf('open', ada, null), { kind: 'address', to: 'C-1' })
  })
  it('names what the event does not', () => {
    for (const [channel, what] of [
      ['sms', 'phone number'],
      ['whatsapp', 'phone number'],
      ['email', 'email address'],
      ['open', 'externalId'],
    ] as const) {
      const address = addressOf(channel, {}, 'DE')
      assert.ok(address.kind === 'none')
      assert.match(address.reason, new RegExp(`names no ${what}`))
    }
  })
})
