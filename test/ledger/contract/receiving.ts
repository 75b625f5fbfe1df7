import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Recorded } from '../../../src/ledger/ledger.ts'
import type { Harness } from '../contract.ts'
import {
  claimAll,
  DAY,
  entry,
  failed,
  messageWith,
  onLedger,
  openOne,
  plan,
  planned,
  SENT,
  schedule,
  UNCONFIRMED,
  unreadable,
} from './build.ts'

const kinds = (recorded: Recorded) => recorded.map(({ kind }) => kind)

export function receiving(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('record', () => {
    on('keeps an event and its messages as they were given', async (ledger, { clock }) => {
      const now = clock.now()
      const raw = Buffer.from([0, 255, 10, 123])
      const recorded = await ledger.record([
        entry(now, 'k1', [planned(now, { route: 'a', dueAt: now + 5 }), planned(now, { route: 'b' })], {
          raw,
          senderType: 'ticket:solved',
          subject: 'T-7',
          headers: { 'x-topic': 'ticket:solved' },
        }),
      ])
      assert.deepEqual(kinds(recorded), ['recorded'])
      const [first] = recorded
      assert.ok(first?.kind === 'recorded')
      const event = await ledger.reads.event(first.eventId)
      assert.deepEqual(event, {
        id: first.eventId,
        source: 'crm',
        type: 'ticket.resolved',
        senderType: 'ticket:solved',
        key: 'k1',
        subject: 'T-7',
        occurredAt: now,
        receivedAt: now,
        state: 'planned',
        reason: null,
        notes: [
          { route: 'a', outcome: 'planned', reason: '' },
          { route: 'b', outcome: 'planned', reason: '' },
        ],
        raw,
        headers: { 'x-topic': 'ticket:solved' },
        configVersion: 'c0ffee',
      })
      assert.equal(first.messageIds.length, 2)
      const message = await messageWith(ledger, first.messageIds[0] ?? 0)
      const { policies, customer } = planned(now)
      assert.deepEqual(message, {
        id: first.messageIds[0],
        eventId: first.eventId,
        source: 'crm',
        route: 'a',
        state: 'scheduled',
        reason: null,
        code: null,
        customer,
        policies,
        configVersion: 'c0ffee',
        channel: 'webmessaging',
        contactId: null,
        foundBy: null,
        dueAt: now + 5,
        expireAt: now + DAY,
        attempts: 0,
        failures: 0,
        waits: 0,
        manualBy: null,
        conversationId: null,
        sentAt: null,
        delivery: 'unknown',
        deliveryReason: null,
        session: null,
        waitsItsTurn: false,
        lookAt: null,
        looks: 0,
        lastLook: null,
        wouldSend: null,
        createdAt: now,
        updatedAt: now,
      })
      const [claimed] = await claimAll(ledger)
      assert.deepEqual(claimed?.event, event, 'and so it is when a message of it is sent')
    })

    on('1,000 copies at once are one event with one message', async (ledger, { clock }) => {
      const now = clock.now()
      const copies = Array.from({ length: 1000 }, () => ledger.record([entry(now, 'k1', [planned(now)])]))
      const outcomes = (await Promise.all(copies)).flatMap(kinds)
      assert.equal(outcomes.filter((kind) => kind === 'recorded').length, 1)
      assert.equal(outcomes.filter((kind) => kind === 'known').length, 999)
      assert.equal((await ledger.reads.events({ limit: 10 })).length, 1)
      assert.equal((await ledger.reads.messages({ limit: 10 })).length, 1)
    })

    on('knows a key within one delivery, within its source only', async (ledger, { clock }) => {
      const now = clock.now()
      const twice = [entry(now, 'k1'), entry(now, 'k1'), entry(now, 'k1', [], { source: 'shop' })]
      assert.deepEqual(kinds(await ledger.record(twice)), ['recorded', 'known', 'recorded'])
    })

    on('forgets a key when its time is over, not before', async (ledger, { clock }) => {
      const record = () => ledger.record([entry(clock.now(), 'k1', [], { keepKeyForMs: 1000 })])
      assert.deepEqual(kinds(await record()), ['recorded'])
      clock.advance(1000)
      assert.deepEqual(kinds(await record()), ['known'])
      clock.advance(1)
      assert.deepEqual(kinds(await record()), ['recorded'])
    })

    on('keeps what could not be read, with its bytes', async (ledger, { clock }) => {
      const now = clock.now()
      const broken = unreadable(now, 'k1', { headers: { 'x-topic': 'carts/update' } })
      assert.deepEqual(kinds(await ledger.record([broken, broken])), ['recorded', 'known'])
      const [kept] = await ledger.reads.events({ state: 'unreadable', limit: 10 })
      assert.equal(kept?.reason, 'Not JSON.')
      assert.deepEqual([kept?.type, kept?.senderType, kept?.subject], ['', '', null])
      assert.deepEqual(kept?.headers, { 'x-topic': 'carts/update' })
      assert.deepEqual(kept?.raw, broken.event.raw)
    })

    on('sets aside what the database refuses, and only that', async (ledger, harness) => {
      await harness.refuseEventsOfType('poison')
      const now = harness.clock.now()
      const poison = entry(now, 'bad', [planned(now)], { type: 'poison', raw: Buffer.from('poisoned') })
      const [mixed, neighbour] = await Promise.all([
        ledger.record([entry(now, 'k1', [planned(now)]), poison, entry(now, 'k2', [planned(now)])]),
        ledger.record([entry(now, 'k3', [planned(now)])]),
      ])
      assert.deepEqual(kinds(mixed), ['recorded', 'set-aside', 'recorded'])
      assert.deepEqual(kinds(neighbour), ['recorded'])
      const [kept] = await ledger.reads.events({ state: 'unreadable', limit: 10 })
      assert.equal(kept?.key, 'bad')
      assert.equal(kept?.raw.toString(), 'poisoned')
      assert.match(kept?.reason ?? '', /refused.*no poison/)
      assert.deepEqual(kinds(await ledger.record([poison])), ['known'])
      assert.equal((await ledger.reads.messages({ limit: 10 })).length, 3)
    })

    on('a time that is no whole number is the data’s fault, not the ledger’s', async (ledger, { clock }) => {
      const now = clock.now()
      const odd = entry(now, 'odd')
      const bad = { ...odd, event: { ...odd.event, occurredAt: Number.NaN } } as typeof odd
      assert.deepEqual(kinds(await ledger.record([bad, entry(now, 'fine')])), ['set-aside', 'recorded'])
    })

    on('stores NUL and lone surrogates as text that can be read back', async (ledger, { clock }) => {
      const now = clock.now()
      const raw = Buffer.from([0, 0xed, 0xa0, 0x80])
      const customer = { name: 'a\0b\ud800' }
      const messages = [planned(now, { customer, reason: 'x\0\udfff', code: 'c', state: 'failed' })]
      const headers = { 'x-odd': '\0\ud800' }
      const odd = { type: 't\0y\ud800pe', senderType: 's\0', subject: '\udfff', headers, raw }
      await ledger.record([entry(now, 'k\0\ud800', messages, odd)])
      const [event] = await ledger.reads.events({ limit: 1 })
      assert.equal(event?.type, 't\ufffdy\ufffdpe')
      assert.deepEqual([event?.senderType, event?.subject, event?.headers], ['s\ufffd', '\ufffd', headers])
      assert.equal(event?.key, 'k\ufffd\ufffd')
      assert.deepEqual(event?.raw, raw)
      const [message] = await ledger.reads.messages({ limit: 1 })
      assert.equal(message?.reason, 'x\ufffd\ufffd')
      assert.equal(message?.customer.name, customer.name)
    })

    on('refuses to let more wait than it was told to, and recovers', async (_, harness) => {
      const ledger = await harness.open({ owner: false, groupLimit: 3 })
      const now = harness.clock.now()
      const settled = await Promise.allSettled(
        ['a', 'b', 'c', 'd'].map((key) => ledger.record([entry(now, key)])),
      )
      assert.deepEqual(
        settled.map((one) => (one.status === 'rejected' ? one.reason.code : kinds(one.value)[0])),
        ['recorded', 'recorded', 'recorded', 'LEDGER_BUSY'],
      )
      assert.deepEqual(kinds(await ledger.record([entry(now, 'd')])), ['recorded'])
    })

    on('tells who waits when messages are due, and only then', async (ledger, harness) => {
      let told = 0
      const stop = ledger.onDue(() => {
        told += 1
      })
      const now = harness.clock.now()
      await schedule(ledger, harness, { dueAt: now + 1000 })
      await ledger.record([entry(now, 'nobody')])
      assert.equal(told, 0)
      await schedule(ledger, harness)
      assert.equal(told, 1)
      stop()
      await schedule(ledger, harness)
      assert.equal(told, 1)
    })
  })

  describe('once', () => {
    const keyed = { policies: { once: 'ticket-7' } }

    on('lets one message of a route and key through', async (ledger, harness) => {
      const first = await schedule(ledger, harness, keyed)
      const second = await schedule(ledger, harness, keyed)
      const other = await schedule(ledger, harness, { ...keyed, route: 'other' })
      assert.equal((await messageWith(ledger, first)).state, 'scheduled')
      assert.equal((await messageWith(ledger, other)).state, 'scheduled')
      const skipped = await messageWith(ledger, second)
      assert.equal(skipped.state, 'skipped')
      assert.equal(skipped.code, 'once')
      assert.match(skipped.reason ?? '', new RegExp(`Message ${first} `))
    })

    on(
      'a sent message keeps the key; one that certainly was not sent gives it up',
      async (ledger, harness) => {
        await schedule(ledger, harness, keyed)
        await ledger.settle((await openOne(ledger)).id, failed(null))
        const second = await schedule(ledger, harness, keyed)
        assert.equal((await messageWith(ledger, second)).state, 'scheduled')
        await ledger.settle((await openOne(ledger)).id, SENT)
        const third = await schedule(ledger, harness, keyed)
        assert.equal((await messageWith(ledger, third)).code, 'once')
      },
    )

    const again = { by: 'ann', force: true, reason: 'She asked for it.' }
    for (const [first, settlement] of [
      ['sent', SENT],
      ['perhaps sent', UNCONFIRMED],
    ] as const) {
      on(
        `a message that was ${first} keeps it, whatever becomes of its re-trigger`,
        async (ledger, harness) => {
          for (const end of ['failed', 'cancelled'] as const) {
            const once = { policies: { once: `${first} ${end}` } }
            const id = await schedule(ledger, harness, once)
            await ledger.settle((await openOne(ledger)).id, settlement)
            await ledger.retry(id, again)
            if (end === 'failed') await ledger.settle((await openOne(ledger)).id, failed(null))
            else await ledger.cancel(id, { by: 'ann', reason: null })
            const message = await messageWith(ledger, id)
            assert.equal(message.state, end)
            assert.equal(message.sentAt !== null, first === 'sent', 'when it was sent stays with it')
            assert.equal(message.conversationId !== null, first === 'sent')
            const later = await schedule(ledger, harness, once)
            assert.equal((await messageWith(ledger, later)).code, 'once')
          }
        },
      )
    }

    on('a message that somebody looked for and did not find gives it up', async (ledger, harness) => {
      const id = await schedule(ledger, harness, keyed)
      await ledger.settle((await openOne(ledger)).id, UNCONFIRMED)
      await ledger.settleByHand(id, { by: 'ann', as: 'not-sent', reason: null })
      const second = await schedule(ledger, harness, keyed)
      assert.equal((await messageWith(ledger, second)).state, 'scheduled')
    })

    on('a message that begins failed does not take it', async (ledger, harness) => {
      await schedule(ledger, harness, { ...keyed, state: 'failed', code: 'bad-key', reason: 'why' })
      const second = await schedule(ledger, harness, keyed)
      assert.equal((await messageWith(ledger, second)).state, 'scheduled')
    })
  })

  describe('addPlan', () => {
    on('adds the messages of routes that have none', async (ledger, { clock }) => {
      const now = clock.now()
      const [recorded] = await ledger.record([entry(now, 'k1', [planned(now, { route: 'a' })])])
      assert.ok(recorded?.kind === 'recorded')
      const both = plan([planned(now, { route: 'a' }), planned(now, { route: 'b' })], {
        configVersion: 'new',
      })
      assert.deepEqual(await ledger.addPlan(recorded.eventId, both), { added: 1 })
      assert.deepEqual(await ledger.addPlan(recorded.eventId, both), { added: 0 })
      const messages = await ledger.reads.messages({ eventId: recorded.eventId, limit: 10 })
      assert.deepEqual(messages.map(({ route }) => route).sort(), ['a', 'b'])
      assert.equal((await ledger.reads.event(recorded.eventId))?.configVersion, 'new')
      await ledger.addPlan(recorded.eventId, plan([]))
      assert.equal((await ledger.reads.event(recorded.eventId))?.state, 'planned')
      assert.equal((await claimAll(ledger)).length, 2)
    })

    on('says what an unreadable event turned out to be', async (ledger, { clock }) => {
      const now = clock.now()
      const headers = { 'x-topic': 'reads/now' }
      const [recorded] = await ledger.record([unreadable(now, 'k1', { headers })])
      assert.ok(recorded?.kind === 'recorded')
      const as = { key: 'k1', type: 'read.now', senderType: 'reads/now', subject: 'T-7', occurredAt: 5 }
      await ledger.addPlan(recorded.eventId, plan([planned(now)]), as)
      const read = await ledger.reads.event(recorded.eventId)
      assert.ok(read)
      const { key, type, senderType, subject, occurredAt } = read
      assert.deepEqual({ key, type, senderType, subject, occurredAt }, as)
      assert.deepEqual([read.state, read.reason, read.headers], ['planned', null, headers])
    })

    on('knows no event that is not there, and harms no neighbour', async (ledger, { clock }) => {
      const now = clock.now()
      const missing = ledger.addPlan(99, plan([]))
      const neighbour = ledger.record([entry(now, 'k1')])
      await assert.rejects(missing, { code: 'NOT_FOUND' })
      assert.deepEqual(kinds(await neighbour), ['recorded'])
    })
  })
}
