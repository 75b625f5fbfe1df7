import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { zoneOf } from '../src/quiet-hours.ts'

const AT = Date.UTC(2026, 6, 3, 12)

/** `zone (whose word)`. */
function zoneFor(
  customer: { timezone?: string; phone?: string },
  {
    route = null,
    country = null,
    at = AT,
  }: { route?: string | null; country?: string | null; at?: number } = {},
): string | null {
  const found = zoneOf(customer, route, country, at)
  return found && `${found.zone} (${found.from})`
}

describe('the event', () => {
  test('is asked first', () =>
    assert.equal(
      zoneFor({ timezone: 'Asia/Kathmandu', phone: '+4915112345678' }, { route: 'Europe/Paris' }),
      'Asia/Kathmandu (event)',
    ))

  for (const timezone of [
    'Middle/Earth',
    'W. Europe Standard Time',
    '+02:00',
    '-05',
    'GMT+2',
    'local',
    'Berlin',
  ]) {
    test(`what is no zone is absent: ${timezone}`, () => {
      assert.equal(zoneFor({ timezone, phone: '+4315880' }), 'Europe/Vienna (phone)')
      assert.equal(zoneFor({ timezone }, { route: 'Europe/Paris' }), 'Europe/Paris (route)')
    })
  }
})

describe('the phone', () => {
  const told: [phone: string, country: string | null, zone: string | null][] = [
    ['+4315880', null, 'Europe/Vienna'],
    ['tel:+43 1 5880', null, 'Europe/Vienna'],
    // Two zones that never differ.
    ['+4915112345678', null, 'Europe/Berlin'],
    // Without +, as it is dialled at home.
    ['0151 12345678', 'DE', 'Europe/Berlin'],
    ['0043 1 5880', 'DE', 'Europe/Vienna'],
    ['0151 12345678', null, null],
    ['+43 1 5880', 'US', 'Europe/Vienna'],
    // Great Britain, Guernsey, Jersey or Man: which, the number does not say, and it is one time.
    ['+441481123456', null, 'Europe/London'],
    ['+18095550100', null, 'America/Santo_Domingo'],
    // Many zones.
    ['+13175550100', null, null],
    ['+14165550100', null, null],
    ['+61412345678', null, null],
    // The Canaries.
    ['+34612345678', null, null],
    // No country, or one of which no zone is known.
    ['+80012345678', null, null],
    ['+38344123456', null, null],
    ['+43', null, null],
    ['no number', 'DE', null],
  ]
  for (const [phone, country, zone] of told) {
    test(`${phone}${country ? ` dialled in ${country}` : ''}: ${zone ?? 'does not say'}`, () => {
      assert.equal(zoneFor({ phone }, { country }), zone && `${zone} (phone)`)
      assert.equal(
        zoneFor({ phone }, { country, route: 'Asia/Tokyo' }),
        zone ? `${zone} (phone)` : 'Asia/Tokyo (route)',
      )
    })
  }

  test('of a country that came to one time: since then', () => {
    // Kazakhstan, on 1 March 2024 at 00:00 in Almaty, which was UTC+6.
    const change = Date.UTC(2024, 1, 29, 18)
    const phone = '+77011234567'
    assert.equal(zoneFor({ phone }, { at: change - 1 }), null)
    assert.equal(zoneFor({ phone }, { at: change }), 'Asia/Almaty (phone)')
  })

  test('of a country that is about to leave it: not in the 48 hours before', () => {
    // Palestine in 2011: Hebron went back to summer time on 30 August at 00:00, UTC+2; Gaza did not.
    const change = Date.UTC(2011, 7, 29, 22)
    const [phone, hours48] = ['+970599123456', 48 * 3_600_000]
    assert.equal(zoneFor({ phone }, { at: change - hours48 - 1 }), 'Asia/Gaza (phone)')
    for (const at of [change - hours48, change - 1, change]) assert.equal(zoneFor({ phone }, { at }), null)
    assert.equal(zoneFor({ phone }), 'Asia/Gaza (phone)')
  })

  test('of a country whose zones change a day apart: not while they are apart, nor in the 48 hours before', () => {
    // Palestine in 2010: Hebron on 26 March at 00:00, UTC+2, Gaza on the 27th at 00:01.
    const [first, second] = [Date.UTC(2010, 2, 25, 22), Date.UTC(2010, 2, 26, 22, 1)]
    const phone = '+970599123456'
    for (const at of [second - 48 * 3_600_000, first - 1, first, second - 1])
      assert.equal(zoneFor({ phone }, { at }), null)
    assert.equal(zoneFor({ phone }, { at: second }), 'Asia/Gaza (phone)')
  })

  test('of a country whose zones change together keeps its say', () => {
    for (const at of [Date.UTC(2026, 2, 28, 12), Date.UTC(2026, 9, 24, 12)])
      assert.equal(zoneFor({ phone: '+4915112345678' }, { at }), 'Europe/Berlin (phone)')
  })
})

describe('the route', () => {
  test('is asked last', () => assert.equal(zoneFor({}, { route: 'Europe/Paris' }), 'Europe/Paris (route)'))
  test('what is no zone is absent', () => assert.equal(zoneFor({}, { route: 'Middle/Earth' }), null))
  test('nobody says', () => assert.equal(zoneFor({}), null))
})
