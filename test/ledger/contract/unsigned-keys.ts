import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Event } from '../../../src/event.ts'
import type { Ledger, Recorded } from '../../../src/ledger/ledger.ts'
import type { Harness } from '../contract.ts'
import {
  claimAll,
  DAY,
  ended,
  entry,
  messageWith,
  onLedger,
  plan,
  planned,
  SENT,
  unreadable,
} from './build.ts'

/** A delivery of a sender that signs the body alone. */
type Delivered = { key: string; body: string; type: string; source?: string; keepKeyForMs?: number }

export function unsignedKeys(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  const of = (now: number, { key, body, type, ...rest }: Delivered) =>
    entry(now, key, [planned(now)], { type, raw: Buffer.from(body), keyIsUnsigned: true, ...rest })

  /** What became of each, one call after another. */
  async function deliver(ledger: Ledger, { clock }: Harness, ...deliveries: Delivered[]): Promise<Kind[]> {
    const kinds: Kind[] = []
    for (const one of deliveries) kinds.push(...kindsOf(await ledger.record([of(clock.now(), one)])))
    return kinds
  }

  async function oldestFirst(ledger: Ledger, source?: string): Promise<Event[]> {
    const filter = source === undefined ? {} : { source }
    return (await ledger.reads.events({ ...filter, limit: 1000 })).toSorted((a, b) => a.id - b.id)
  }

  describe('a key that the sender does not sign', () => {
    const A = { key: 'k1', body: '{"cart":1}', type: 'carts/update' }

    on('the same body as the same type is the same event, whatever its key', async (ledger, harness) => {
      assert.deepEqual(await deliver(ledger, harness, A, A, { ...A, key: 'k2' }, { ...A, key: 'k2' }), [
        'recorded',
        'known',
        'known',
        'known',
      ])
      assert.equal((await ledger.reads.events({ limit: 10 })).length, 1)
      assert.equal((await claimAll(ledger)).length, 1)
    })

    on('a body that came as another type is kept, and nothing is planned', async (ledger, harness) => {
      const { clock } = harness
      await deliver(ledger, harness, A)
      const again = { ...A, key: 'k2', type: 'orders/create' }
      const [replayed] = await ledger.record([of(clock.now(), again)])
      assert.ok(replayed?.kind === 'replayed')
      const kept = await ledger.reads.event(replayed.eventId)
      assert.deepEqual(
        [kept?.state, kept?.notes, kept?.type, kept?.key, kept?.raw.toString(), kept?.configVersion],
        ['unplanned', [], 'orders/create', 'k2', A.body, 'c0ffee'],
      )
      assert.equal(kept?.reason, replayed.reason)
      assert.match(replayed.reason, new RegExp(`postrider events replan ${replayed.eventId}$`))
      assert.deepEqual(await ledger.reads.messages({ eventId: replayed.eventId, limit: 10 }), [])
      assert.equal((await ledger.reads.summary()).events.unplanned, 1)

      assert.deepEqual(
        await deliver(ledger, harness, again, { ...again, key: 'k3' }, { ...again, type: 'orders/paid' }, A),
        ['known', 'known', 'replayed', 'known'],
      )
      assert.deepEqual(await deliver(ledger, harness, { ...A, key: 'k4', type: 'orders/paid' }), ['known'])
      // Its id is proven by nothing, and may be that of another event to come.
      assert.deepEqual(await deliver(ledger, harness, { ...again, body: 'genuine' }), ['recorded'])
    })

    on('of types that are made up without end some are kept', async (ledger, harness) => {
      await deliver(ledger, harness, A)
      const made = Array.from({ length: 9 }, (_, n) => ({ ...A, key: `x${n}`, type: `made/${n}` }))
      const kinds = await deliver(ledger, harness, ...made)
      assert.deepEqual(
        kinds,
        made.map((_, n) => (n < 4 ? 'replayed' : 'known')),
      )
      // Nor was the source heard of by them.
      assert.equal((await ledger.reads.events({ state: 'unplanned', limit: 20 })).length, 4)
    })

    on(
      'an unreadable event that came again and was recorded is not planned twice',
      async (ledger, { clock }) => {
        const now = clock.now()
        const raw = Buffer.from('the same bytes')
        const [before] = await ledger.record([unreadable(now, 'hash', { raw })])
        const [since] = await ledger.record([entry(now, 'N1', [planned(now)], { raw })])
        assert.deepEqual([before?.kind, since?.kind], ['recorded', 'recorded'])
        assert.ok(before?.kind === 'recorded')
        const read = { key: 'N1', type: 't', senderType: 't', subject: null, occurredAt: now }
        const added = await ledger.addPlan(before.eventId, plan([planned(now)]), read)
        assert.deepEqual(added, { added: 0, known: true })
        const event = await ledger.reads.event(before.eventId)
        assert.equal(event?.state, 'unrouted')
        assert.match(event?.reason ?? '', /came again since/)
        assert.equal((await claimAll(ledger)).length, 1)
      },
    )

    on('an unreadable event is claimed by what it is read as', async (ledger, { clock }) => {
      const now = clock.now()
      const [before] = await ledger.record([unreadable(now, 'hash')])
      assert.ok(before?.kind === 'recorded')
      const read = { key: 'N2', type: 't', senderType: 't', subject: null, occurredAt: now }
      assert.deepEqual(await ledger.addPlan(before.eventId, plan([planned(now)]), read), { added: 1 })
      assert.equal((await ledger.reads.event(before.eventId))?.key, 'N2')
      assert.deepEqual(kindsOf(await ledger.record([entry(now, 'N2', [planned(now)])])), ['known'])
    })

    on('an operator plans it nevertheless', async (ledger, harness) => {
      const { clock } = harness
      await deliver(ledger, harness, A)
      const again = { ...A, key: 'k2', type: 'orders/create' }
      const [replayed] = await ledger.record([of(clock.now(), again)])
      assert.ok(replayed?.kind === 'replayed')
      const read = {
        type: again.type,
        key: again.key,
        senderType: again.type,
        subject: null,
        occurredAt: clock.now(),
        keyIsUnsigned: true,
      }
      const added = await ledger.addPlan(replayed.eventId, plan([planned(clock.now())]), read)
      assert.deepEqual(added, { added: 1 })
      const event = await ledger.reads.event(replayed.eventId)
      assert.deepEqual([event?.state, event?.reason], ['planned', null])
    })

    on('marks nothing that a replay reports', async (ledger, harness) => {
      const { id } = await ended(ledger, harness, SENT)
      const { clock } = harness
      const undelivered = { conversationId: 'conv-1', genesysMessageIds: ['gen-1'] }
      const report = { raw: Buffer.from(A.body), keyIsUnsigned: true }
      await ledger.record([entry(clock.now(), 'k1', [], { ...report, type: 'first' })])
      const again = entry(clock.now(), 'k2', [], { ...report, type: 'second', undelivered })
      assert.deepEqual(kindsOf(await ledger.record([again])), ['replayed'])
      assert.equal((await messageWith(ledger, id)).delivery, 'unknown')
    })

    on('it is so within one call, and among calls at once', async (ledger, harness) => {
      const now = harness.clock.now()
      const other = { ...A, key: 'k2', type: 'orders/create' }
      assert.deepEqual(
        kindsOf(await ledger.record([of(now, A), of(now, other), of(now, { ...A, key: 'k3' })])),
        ['recorded', 'replayed', 'known'],
      )
      const racing = Array.from({ length: 300 }, (_, n) =>
        ledger.record([of(now, { key: `r${n}`, body: 'racing', type: `type-${n % 3}` })]),
      )
      const kinds = (await Promise.all(racing)).flatMap(kindsOf)
      const count = (kind: Kind) => kinds.filter((one) => one === kind).length
      assert.deepEqual([count('recorded'), count('replayed'), count('known')], [1, 2, 297])
    })

    on('compares what happened, and not by what name the sender calls it', async (ledger, { clock }) => {
      const now = clock.now()
      const as = (key: string, senderType: string) =>
        entry(now, key, [planned(now)], {
          type: 'order.placed',
          senderType,
          raw: Buffer.from(A.body),
          keyIsUnsigned: true,
        })
      const all = [as('k1', 'orders/create'), as('k2', 'orders/paid'), as('k3', 'orders/create')]
      assert.deepEqual(kindsOf(await ledger.record(all)), ['recorded', 'known', 'known'])
    })

    on('a body is known within its source only', async (ledger, harness) => {
      assert.deepEqual(
        await deliver(ledger, harness, A, { ...A, source: 'shop' }, { ...A, source: 'shop', key: 'k2' }),
        ['recorded', 'recorded', 'known'],
      )
    })

    on('a key that comes again is known, whatever body it bears', async (ledger, harness) => {
      assert.deepEqual(
        await deliver(ledger, harness, A, { ...A, body: 'other' }, { ...A, key: 'k2', body: 'other' }),
        ['recorded', 'known', 'recorded'],
        'and a body that was not kept is not remembered',
      )
    })

    on('an old body cannot take the key of an event to come', async (ledger, harness) => {
      assert.deepEqual(
        await deliver(ledger, harness, A, { ...A, key: 'next' }, { ...A, key: 'next', body: 'genuine' }),
        ['recorded', 'known', 'recorded'],
      )
    })

    on('a sender that signs its keys may send a body as often as it likes', async (ledger, { clock }) => {
      const now = clock.now()
      const raw = Buffer.from(A.body)
      const all = ['a', 'b'].flatMap((type) =>
        ['k1', 'k2'].map((key) => entry(now, key + type, [planned(now)], { type, raw })),
      )
      assert.deepEqual(kindsOf(await ledger.record(all)), ['recorded', 'recorded', 'recorded', 'recorded'])
      assert.equal((await claimAll(ledger)).length, 4)
    })

    on('forgets a body when its time is over, not before', async (ledger, harness) => {
      const { clock } = harness
      const short = { ...A, keepKeyForMs: 1000 }
      await deliver(ledger, harness, short)
      clock.advance(1000)
      assert.deepEqual(
        await deliver(
          ledger,
          harness,
          { ...short, key: 'k2' },
          { ...short, key: 'k3', type: 'orders/create' },
        ),
        ['known', 'replayed'],
      )
      clock.advance(1)
      assert.deepEqual(await deliver(ledger, harness, { ...short, key: 'k4' }, { ...short, key: 'k5' }), [
        'recorded',
        'known',
      ])
      clock.advance(1000)
      // Its hash as an order is over; as a cart it is not, by which it is known.
      assert.deepEqual(await deliver(ledger, harness, { ...short, key: 'k6', type: 'orders/create' }), [
        'replayed',
      ])
    })
  })

  describe('a body of an unsigned key that cannot be read', () => {
    const A = { key: 'k1', body: '{"cart":1}', type: 'carts/update' }
    const broken = (now: number, key: string) =>
      unreadable(now, key, { raw: Buffer.from(A.body), keyIsUnsigned: true })

    on('is kept once, whatever its key', async (ledger, { clock }) => {
      const now = clock.now()
      const all = [broken(now, 'k1'), broken(now, 'k1'), broken(now, 'k2')]
      assert.deepEqual(kindsOf(await ledger.record(all)), ['recorded', 'known', 'known'])
      const signed = ['s1', 's2'].map((key) => unreadable(now, key, { raw: Buffer.from(A.body) }))
      assert.deepEqual(kindsOf(await ledger.record(signed)), ['recorded', 'recorded'])
    })

    on('does not stand in the way of the event that can be read', async (ledger, harness) => {
      await ledger.record([broken(harness.clock.now(), 'k0')])
      assert.deepEqual(
        await deliver(
          ledger,
          harness,
          { ...A, type: '' },
          { ...A, key: 'k2', type: 'orders/create' },
          { ...A, key: 'k0' },
        ),
        ['recorded', 'replayed', 'known'],
      )
      assert.equal((await claimAll(ledger)).length, 1)
    })

    on('is kept beside the event that could be read', async (ledger, harness) => {
      await deliver(ledger, harness, A)
      const now = harness.clock.now()
      assert.deepEqual(kindsOf(await ledger.record([broken(now, 'k2'), broken(now, 'k3')])), [
        'recorded',
        'known',
      ])
      const [kept] = await ledger.reads.events({ state: 'unreadable', limit: 10 })
      assert.deepEqual([kept?.key, kept?.reason], ['k2', 'Not JSON.'])
    })

    on('is claimed when it is read after all', async (ledger, harness) => {
      const { clock } = harness
      const [recorded] = await ledger.record([broken(clock.now(), 'k1')])
      assert.ok(recorded?.kind === 'recorded')
      const read = {
        key: A.key,
        type: A.type,
        senderType: A.type,
        subject: null,
        occurredAt: 5,
        keyIsUnsigned: true,
      }
      await ledger.addPlan(recorded.eventId, plan([planned(clock.now())]), read)
      assert.deepEqual(
        await deliver(ledger, harness, { ...A, key: 'k2' }, { ...A, key: 'k3', type: 'orders/create' }),
        ['known', 'replayed'],
      )
      clock.advance(DAY)
      assert.deepEqual(await deliver(ledger, harness, { ...A, key: 'k4' }), ['known'])
      clock.advance(1)
      assert.deepEqual(await deliver(ledger, harness, { ...A, key: 'k5' }), ['recorded'])
    })

    on('is the same where the database refused what was read', async (ledger, harness) => {
      await harness.refuseEventsOfType('poison')
      const poison = { ...A, type: 'poison' }
      assert.deepEqual(
        await deliver(
          ledger,
          harness,
          poison,
          poison,
          { ...poison, key: 'k2' },
          { ...A, key: 'k3' },
          { ...poison, key: 'k4' },
          { ...A, key: 'k5', type: 'orders/create' },
        ),
        ['set-aside', 'known', 'known', 'recorded', 'known', 'replayed'],
      )
      assert.equal((await claimAll(ledger)).length, 1)
      // Set aside with its neighbours, each in its savepoint.
      const now = harness.clock.now()
      const body = 'together'
      const together = ['carts/update', 'poison', 'orders/create', 'carts/update'].map((type, n) =>
        of(now, { key: `t${n}`, body, type }),
      )
      assert.deepEqual(kindsOf(await ledger.record(together)), ['recorded', 'set-aside', 'replayed', 'known'])
    })
  })

  test('however deliveries come, a body is planned once', async () => {
    const harness = await fresh()
    try {
      const ledger = await harness.open()
      const some = (letter: string, most: number) => fc.nat({ max: most }).map((n) => `${letter}${n}`)
      const delivery = fc.record({ key: some('k', 8), body: some('b', 3), type: some('t', 2) })
      let run = 0
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(delivery, { minLength: 1 }), { maxLength: 5 }), async (calls) => {
          run += 1
          const source = `crm-${run}`
          const now = harness.clock.now()
          const answers = await Promise.all(
            calls.map((call) => ledger.record(call.map((one) => of(now, { ...one, source })))),
          )
          const deliveries = calls.flat()
          assert.deepEqual(answers.flatMap(kindsOf), foreseen(deliveries))

          const kept = await oldestFirst(ledger, source)
          const planned = kept.filter(({ state }) => state === 'planned')
          const messages = await ledger.reads.messages({ source, limit: 1000 })
          const bodies = planned.map(({ raw }) => raw.toString())
          assert.equal(new Set(bodies).size, bodies.length, 'no two planned events share a body')
          assert.deepEqual(
            messages.map(({ eventId }) => eventId).sort(),
            planned.map(({ id }) => id).sort(),
            'one message for each',
          )
          const pairs = kept.map(({ raw, senderType }) => `${raw} ${senderType}`)
          assert.equal(new Set(pairs).size, pairs.length, 'a body is kept once as each type')
          for (const body of new Set(kept.map(({ raw }) => raw.toString()))) {
            const [first, ...others] = kept.filter(({ raw }) => raw.toString() === body)
            assert.equal(first?.state, 'planned', 'what came first is planned')
            assert.ok(others.every(({ state }) => state === 'unplanned'))
          }
        }),
        // A statement of its own for each event takes longer on its way to a server.
        { numRuns: harness.isShared ? 50 : 200 },
      )
    } finally {
      await harness.dispose()
    }
  })
}

type Kind = Recorded[number]['kind']
const kindsOf = (recorded: Recorded): Kind[] => recorded.map(({ kind }) => kind)

/** By words alone what becomes of deliveries in this order, within the time that they are remembered. */
function foreseen(deliveries: readonly Delivered[]): Kind[] {
  const kept: Delivered[] = []
  return deliveries.map((one) => {
    const isKnown = ({ key, body, type }: Delivered) =>
      key === one.key || (body === one.body && type === one.type)
    if (kept.some(isKnown)) return 'known'
    const isReplay = kept.some(({ body }) => body === one.body)
    // What is replayed is remembered by its body and type alone.
    kept.push(isReplay ? { ...one, key: '' } : one)
    return isReplay ? 'replayed' : 'recorded'
  })
}
