import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Instance } from '../../src/ledger/instances.ts'
import { type Backlog, COUNTED_TO } from '../../src/ledger/overview.ts'
import type { Pause } from '../../src/message.ts'
import { type Attention, attentionOf, type Expected, type Looked } from '../../src/ops/attention.ts'

const NOW = Date.UTC(2026, 10, 23, 9, 0, 0)
const MINUTE = 60_000
const HOUR = 60 * MINUTE

const NOTHING: Looked = {
  lastEventAt: {},
  expectedSince: {},
  refused: [],
  refusedHours: [],
  recheckable: [],
  failed: 0,
  unplanned: 0,
  unreadable: 0,
  unconfirmed: { held: 0, looking: 0 },
}

const PAUSE: Pause = {
  id: 1,
  scope: 'all',
  name: null,
  code: 'operator',
  reason: 'by hand',
  since: NOW - HOUR,
  until: null,
  probes: 0,
  by: 'ann',
}

function attention(
  trouble: Partial<Looked> = {},
  {
    pauses = [],
    expected = [],
    backlog = [],
    serviceRuns = true,
    instances = [],
  }: {
    pauses?: readonly Partial<Pause>[]
    expected?: readonly Expected[]
    backlog?: readonly Backlog[]
    serviceRuns?: boolean
    instances?: readonly Instance[]
  } = {},
): Attention[] {
  return attentionOf({
    trouble: { ...NOTHING, ...trouble },
    pauses: pauses.map((pause) => ({ ...PAUSE, ...pause })),
    backlog,
    expected,
    serviceRuns,
    instances,
    now: NOW,
  })
}

function only(found: readonly Attention[]): Attention {
  assert.equal(found.length, 1, JSON.stringify(found))
  const [one] = found
  assert.ok(one)
  return one
}

describe('attention', () => {
  it('nothing: nothing needs a person', () => assert.deepEqual(attention(), []))

  describe('pauses', () => {
    it('a brake: the route, since when, and the command that lets it go on', () => {
      const reason = 'More than 500 messages in 1h.'
      const brake = {
        scope: 'route',
        name: 'ticket-resolved',
        code: 'brake',
        reason,
        by: 'postrider',
      } as const
      assert.deepEqual(only(attention({}, { pauses: [brake] })), {
        kind: 'brake',
        cause: 'pause:route:ticket-resolved:brake:1',
        since: NOW - HOUR,
        count: null,
        subject: { route: 'ticket-resolved' },
        what: 'route ticket-resolved paused since 2026-11-23 08:00 UTC: More than 500 messages in 1h.',
        todo: 'To go on:',
        command: 'npx postrider resume route ticket-resolved',
        line: 'route ticket-resolved paused since 2026-11-23 08:00 UTC: More than 500 messages in 1h. To go on: npx postrider resume route ticket-resolved',
      })
    })

    it('of all sending: about nothing in particular, and a reason without a full stop gets one', () => {
      const { kind, cause, subject, what, command } = only(attention({}, { pauses: [{}] }))
      assert.deepEqual([kind, cause, subject], ['pause', 'pause:all:operator:1', {}])
      assert.match(what, /: by hand\.$/)
      assert.equal(command, 'npx postrider resume')
    })

    it('one that begins again is another; an outage is one, whatever its pauses are called', () => {
      const causes = (...pauses: Partial<Pause>[]) => attention({}, { pauses }).map(({ cause }) => cause)
      assert.notDeepEqual(causes({ id: 1, code: 'login' }), causes({ id: 2, code: 'login' }))
      assert.deepEqual(causes({ id: 1, code: 'unreachable' }), causes({ id: 2, code: 'uncertain' }))
    })

    it('what Postrider probes can be tried at once', () => {
      const { todo } = only(attention({}, { pauses: [{ code: 'login', until: NOW + 1_000 }] }))
      assert.equal(todo, 'To try at once:')
    })

    const waits: [string, Partial<Pause>, number][] = [
      ['a slower pace of seconds', { code: 'rate-limited', until: NOW + 30_000 }, 0],
      ['a limit of the day', { code: 'rate-limited', until: NOW + 6 * MINUTE }, 1],
      ['an operator gave it an end', { until: NOW + HOUR }, 0],
      ['an operator gave it none', { until: null }, 1],
      ['Genesys Cloud does not let Postrider in', { code: 'permissions', until: NOW }, 1],
    ]
    for (const [name, pause, count] of waits) {
      it(`${name}: ${count === 0 ? 'needs nobody' : 'needs a person'}`, () =>
        assert.equal(attention({}, { pauses: [pause] }).length, count))
    }
  })

  describe('what is due and not sent', () => {
    const lane = (route: string, agoMs: number, due = 1) =>
      ({ route, source: 'crm', channel: 'email', due, oldestDueAt: NOW - agoMs }) as const
    const backlog = [lane('greet', 6 * MINUTE, 2), lane('other', MINUTE)]

    it('for longer than five minutes, beside a service', () => {
      const { kind, since, count, what, command } = only(attention({}, { backlog }))
      assert.deepEqual([kind, since, count, command], ['overdue', NOW - 6 * MINUTE, 3, null])
      assert.equal(what, '3 messages due and not sent, the oldest since 2026-11-23 08:54 UTC')
      assert.deepEqual(attention({}, { backlog: [lane('greet', 5 * MINUTE)] }), [])
    })

    it('for longer than a minute, without one: start it', () => {
      const [soon, late] = [[lane('greet', MINUTE)], [lane('greet', MINUTE + 1)]]
      assert.deepEqual(attention({}, { backlog: soon, serviceRuns: false }), [])
      assert.equal(
        only(attention({}, { backlog: late, serviceRuns: false })).line,
        '1 message due and not sent, the oldest since 2026-11-23 08:58 UTC: no service runs with this ledger: npx postrider start',
      )
    })

    it('nothing is due: nobody needs a service', () => {
      assert.deepEqual(attention({}, { serviceRuns: false }), [])
    })

    it('many lanes of many: as many as are counted', () => {
      const many = ['a', 'b'].map((route) => lane(route, 6 * MINUTE, COUNTED_TO))
      const { count, what } = only(attention({}, { backlog: many }))
      assert.deepEqual([count, what.slice(0, 23)], [COUNTED_TO, '10000 or more messages '])
    })

    const until = NOW + HOUR
    const pauses: [string, Partial<Pause>, number | null][] = [
      ['all', { scope: 'all', until }, null],
      ['the channel', { scope: 'channel', name: 'email', until }, null],
      ['the source', { scope: 'source', name: 'crm', until }, null],
      ['the route that is late', { scope: 'route', name: 'greet', until }, null],
      ['another route', { scope: 'route', name: 'other', until }, 2],
      ['another channel', { scope: 'channel', name: 'sms', until }, 3],
    ]
    for (const [name, pause, count] of pauses) {
      it(`a pause of ${name}: ${count === null ? 'not a word' : `what it does not cover, ${count}`}`, () => {
        const [one] = attention({}, { backlog, pauses: [pause] })
        assert.equal(one?.count ?? null, count)
      })
    }
  })

  it('counts: how many, one of them in its own words, and where they are listed', () => {
    const found = attention({
      unconfirmed: { held: 1, looking: 5 },
      failed: 2,
      unplanned: 1,
      unreadable: COUNTED_TO,
    })
    assert.deepEqual(
      found.map(({ kind, cause, count, what }) => [kind, cause, count, what]),
      [
        ['unconfirmed', 'unconfirmed', 1, '1 message unconfirmed and not looked for any more'],
        ['failed', 'failed', 2, '2 messages failed'],
        ['unplanned', 'unplanned', 1, '1 event unplanned'],
        ['unreadable', 'unreadable', COUNTED_TO, `${COUNTED_TO} or more events unreadable`],
      ],
    )
    for (const { command } of found)
      assert.match(command ?? '', /^npx postrider (messages|events) list --state/)
  })

  it('unconfirmed messages that are looked for still need nobody', () => {
    assert.deepEqual(attention({ unconfirmed: { held: 0, looking: 7 } }), [])
  })

  describe('a source of which everything is refused', () => {
    const SINCE = Date.UTC(2026, 10, 23, 1, 58, 20)
    const refused = [{ source: 'helpdesk', reason: 'no-match', count: 312, lastAt: NOW - MINUTE }]
    const kept = [{ source: 'helpdesk', reason: 'no-match', count: 312, since: SINCE }]

    it('all of it kept: since when, why, and the command that takes it in', () => {
      const one = only(attention({ refused, recheckable: kept }))
      assert.equal(one.what, 'helpdesk: 312 refused since 2026-11-23 01:58 UTC, no secret matched')
      assert.deepEqual(
        [one.kind, one.cause, one.since, one.count, one.subject],
        ['refused', 'refused:helpdesk:no-match', SINCE, 312, { source: 'helpdesk' }],
      )
      assert.equal(one.command, 'npx postrider refused recheck --source helpdesk --since 2026-11-23T01:58Z')
    })

    it('times as the reader writes them', () => {
      const [one] = attentionOf({
        trouble: { ...NOTHING, refused, recheckable: kept },
        pauses: [],
        backlog: [],
        expected: [],
        serviceRuns: true,
        instances: [],
        now: NOW,
        time: (at) => new Date(at).toISOString().slice(11, 16),
      })
      assert.equal(one?.what, 'helpdesk: 312 refused since 01:58, no secret matched')
    })

    it('more than is kept: nobody knows since when', () => {
      const one = only(attention({ refused, recheckable: kept.map((one) => ({ ...one, count: 300 })) }))
      assert.equal(one.since, null)
      assert.match(one.what, /^helpdesk: 312 refused, the last at 2026-11-23 08:59 UTC, no secret matched$/)
      assert.match(one.todo, /300 are kept, the oldest of 2026-11-23 01:58 UTC/)
    })

    it('nothing of it kept: how the sender’s side is set up', () => {
      assert.equal(only(attention({ refused })).command, 'npx postrider sources show helpdesk')
    })

    it('a delivery accepted since: anybody may post nonsense', () => {
      assert.deepEqual(attention({ refused, lastEventAt: { helpdesk: NOW - MINUTE } }), [])
    })

    it('two reasons are two causes', () => {
      const more = [...refused, { source: 'helpdesk', reason: 'too-old', count: 2, lastAt: NOW }]
      assert.deepEqual(
        attention({ refused: more }).map(({ cause }) => cause),
        ['refused:helpdesk:no-match', 'refused:helpdesk:too-old'],
      )
    })
  })

  describe('a source that is silent', () => {
    const expected = [
      { name: 'crm', expectEveryMs: HOUR },
      { name: 'shop', expectEveryMs: null },
    ]

    it('for longer than expected', () => {
      const one = only(attention({ lastEventAt: { crm: NOW - HOUR - 1 } }, { expected }))
      assert.deepEqual([one.kind, one.cause, one.since], ['silence', 'silence:crm', NOW - HOUR - 1])
      assert.match(one.what, /^crm: silent since 2026-11-23 07:59 UTC, and expected every 1h$/)
    })

    it('never heard of, for longer than that since a service was first started with it', () => {
      const one = only(attention({ expectedSince: { crm: NOW - HOUR - 1 } }, { expected }))
      assert.equal(one.since, NOW - HOUR - 1)
      assert.match(
        one.what,
        /^crm: never sent an event since a service was first started with it, 2026-11-23 07:59 UTC/,
      )
    })

    it('never heard of, and new or of no service yet: not a word', () => {
      assert.deepEqual(attention({ expectedSince: { crm: NOW - HOUR } }, { expected }), [])
      assert.deepEqual(attention({}, { expected }), [])
    })

    it('heard of in time: not a word', () => {
      assert.deepEqual(attention({ lastEventAt: { crm: NOW - HOUR } }, { expected }), [])
    })
  })

  describe('instances with different configurations', () => {
    const instance = (host: string, configVersion: string, agoMs: number, pid = 1): Instance => ({
      id: `${pid}-${host}`,
      host,
      pid,
      configVersion,
      startedAt: NOW - agoMs,
      seenAt: NOW,
    })
    const of = (...instances: Instance[]) => attention({}, { instances })

    it('for longer than a rolling restart takes: which has which, and whom to restart', () => {
      const found = of(
        instance('host-a', 'aaaa', 3 * HOUR, 12),
        instance('host-c', 'bbbb', 2 * HOUR),
        instance('host-b', 'aaaa', HOUR),
      )
      assert.deepEqual(only(found), {
        kind: 'instances',
        cause: 'instances',
        since: NOW - 2 * HOUR,
        count: 3,
        subject: {},
        what: '3 instances run with different configurations (aaaa on host-a (pid 12), host-b (pid 1); bbbb on host-c (pid 1))',
        todo: 'give all of them the same files, and restart those that run with others than host-b (pid 1), which started last, at 2026-11-23 08:00 UTC: host-c (pid 1)',
        command: null,
        line: '3 instances run with different configurations (aaaa on host-a (pid 12), host-b (pid 1); bbbb on host-c (pid 1)): give all of them the same files, and restart those that run with others than host-b (pid 1), which started last, at 2026-11-23 08:00 UTC: host-c (pid 1)',
      })
    })

    it('while they are restarted one after the other: not a word', () => {
      const before = instance('host-a', 'aaaa', 3 * HOUR)
      assert.deepEqual(of(before, instance('host-b', 'bbbb', 10 * MINUTE)), [])
      assert.equal(of(before, instance('host-b', 'bbbb', 10 * MINUTE + 1)).length, 1)
    })

    it('however many with the same one: not a word', () => {
      assert.deepEqual(of(instance('host-a', 'aaaa', 3 * HOUR), instance('host-b', 'aaaa', HOUR)), [])
      assert.deepEqual(of(instance('host-a', 'aaaa', HOUR)), [])
    })
  })
})
