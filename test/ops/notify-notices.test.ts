import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Trouble } from '../../src/ledger/overview.ts'
import type { Pause } from '../../src/message.ts'
import { deliveryOf, noticesOf, TOLD_KINDS } from '../../src/ops/notify/notices.ts'
import { derivedSecret } from '../../src/ops/notify/secret.ts'
import { UNKNOWN_SOURCE } from '../../src/receive/refusals.ts'

const HOUR = 3_600_000

describe('what is told', () => {
  const NOW = Date.UTC(2026, 10, 23, 9, 0, 0)
  const NOTHING: Trouble = {
    host: 'api.mypurecloud.de',
    lastEventAt: {},
    expectedSince: {},
    refused: [],
    refusedHours: [],
    recheckable: [],
    since: NOW - 24 * HOUR,
    failed: 0,
    unplanned: 0,
    unreadable: 0,
    unconfirmed: { held: 0, looking: 0 },
    due: { count: 0, oldestDueAt: null },
    scheduled: 0,
  }
  const PAUSE: Pause = {
    id: 1,
    scope: 'route',
    name: 'greet',
    code: 'brake',
    reason: 'Too many.',
    since: NOW,
    until: null,
    probes: 0,
    by: 'postrider',
  }
  const causes = (trouble: Partial<Trouble>, pauses: readonly Partial<Pause>[] = []) =>
    noticesOf({
      trouble: { ...NOTHING, ...trouble },
      pauses: pauses.map((pause) => ({ ...PAUSE, ...pause })),
      expected: [],
      now: NOW,
    }).map(({ cause }) => cause)

  it('is in the docs, each beginning and end', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/notify.md'), 'utf8')
    const types = new Set([...page.matchAll(/`(\w+\.(?:began|over))`/g)].map(([, type]) => type))
    assert.deepEqual(types, new Set(TOLD_KINDS.flatMap((kind) => [`${kind}.began`, `${kind}.over`])))
  })

  it('not what only a look at the console needs: failed, unplanned, unreadable, overdue', () => {
    const due = { count: 5, oldestDueAt: NOW - HOUR }
    assert.deepEqual(causes({ failed: 1, unplanned: 1, unreadable: 1, due }), [])
  })

  it('not a wait of seconds, nor one to which an operator gave an end', () => {
    const until = NOW + 30_000
    assert.deepEqual(causes({}, [{ code: 'rate-limited', until }]), [])
    assert.deepEqual(causes({}, [{ code: 'operator', until }]), [])
    // It stands for long: whoever was told that it began must not be told that it is over.
    assert.equal(causes({}, [{ code: 'operator', until: NOW + HOUR }]).length, 1)
  })

  it('not a hiccup, but an outage', () => {
    const outage = { scope: 'all', name: null, code: 'unreachable', until: NOW } as const
    assert.deepEqual(causes({}, [{ ...outage, since: NOW - 29_999 }]), [])
    assert.deepEqual(causes({}, [{ ...outage, since: NOW - 30_000 }]), ['pause:all:outage'])
    assert.deepEqual(causes({}, [{ ...outage, code: 'login' }]), ['pause:all:login:1'])
    const both = [outage, { ...outage, code: 'uncertain' } as const].map((one) => ({ ...one, since: 0 }))
    assert.deepEqual(causes({}, both), ['pause:all:outage'])
  })

  it('not a stranger who posts nonsense between what is accepted', () => {
    const refused = [{ source: 'crm', reason: 'no-match', count: 9, lastAt: NOW }]
    const refusedHours = refused.map((one) => ({ ...one, firstAt: NOW - 59_999 }))
    const trouble = { refused, refusedHours }
    assert.deepEqual(causes({ ...trouble, lastEventAt: { crm: NOW - 59_999 } }), [])
    assert.deepEqual(causes({ ...trouble, lastEventAt: { crm: NOW - 60_000 } }), ['refused:crm:no-match'])
  })

  it('not an address that no source has', () => {
    const one = { source: UNKNOWN_SOURCE, reason: 'unknown-source', count: 99, lastAt: NOW }
    const refusedHours = [{ ...one, firstAt: NOW - HOUR }]
    assert.deepEqual(causes({ refused: [one], refusedHours }), [])
  })

  it('not an address or a number, however it is written; but a count and a time', () => {
    const reason = 'Ask ann@example.com, +1 317 555 0100 or 0171 5550100.'
    const [notice] = noticesOf({
      trouble: NOTHING,
      pauses: [{ ...PAUSE, reason }],
      expected: [],
      now: NOW,
    })
    assert.equal(
      notice?.data.what,
      'route greet paused since 2026-11-23 09:00 UTC: Ask [email], [phone] or [phone].',
    )
    const refused = [{ source: 'crm', reason: 'no-match', count: 1_234_567, lastAt: NOW }]
    const [many] = noticesOf({ trouble: { ...NOTHING, refused }, pauses: [], expected: [], now: NOW })
    assert.match(String(many?.data.what), /^crm: 1234567 refused, the last at 2026-11-23 09:00 UTC/)
  })

  it('where it sends, so that one receiver can tell several services apart', () => {
    const [notice] = noticesOf({
      trouble: { ...NOTHING, unconfirmed: { held: 200, looking: 0 } },
      pauses: [],
      expected: [],
      now: NOW,
    })
    assert.ok(notice)
    const { body } = deliveryOf({ ...notice, id: 7, what: 'began', overAt: null, tried: false })
    assert.deepEqual(
      [body.type, body.data.sendsTo, body.data.count],
      ['unconfirmed.began', 'api.mypurecloud.de', 200],
    )
  })
})

describe('the derived secret', () => {
  const key = Buffer.alloc(32, 7)

  it('is the same for the same key, another for another, and not the key', () => {
    const secret = derivedSecret(key)
    assert.equal(secret, derivedSecret(Buffer.alloc(32, 7)))
    assert.notEqual(secret, derivedSecret(Buffer.alloc(32, 8)))
    assert.notEqual(secret, `whsec_${key.toString('base64')}`)
    assert.equal(Buffer.from(secret.slice('whsec_'.length), 'base64').length, 32)
    // Written down: whoever is told has it on their side, so no version may derive another.
    assert.equal(secret, 'whsec_JHW1NdVxxfy7F77gqyWorYHRJzZKKLcPu1e5uBc7cPI=')
  })
})
