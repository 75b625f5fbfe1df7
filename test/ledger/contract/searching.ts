import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import type { Harness } from '../contract.ts'
import {
  DAY,
  draft,
  ended,
  entry,
  happens,
  onLedger,
  openOne,
  planned,
  SENT,
  schedule,
  unreadable,
} from './build.ts'

async function found(ledger: Ledger, text: string) {
  return (await ledger.reads.search(text)).map(({ kind, id, by }) => `${kind} ${id} ${by}`)
}

export function searching(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('search', () => {
    on('finds an event and a message by their numbers', async (ledger, harness) => {
      await happens(ledger, harness)
      await schedule(ledger, harness)
      assert.deepEqual(await found(ledger, ' 1 '), ['event 1 number', 'message 1 number'])
      assert.deepEqual(await found(ledger, '2'), ['event 2 number'])
      assert.deepEqual(await found(ledger, '99'), [])
      assert.deepEqual(await found(ledger, '9'.repeat(40)), [])
    })

    on('finds an event by the id that its sender gave it, of whatever source', async (ledger, { clock }) => {
      const now = clock.now()
      await ledger.record([
        entry(now, 'evt one'),
        entry(now + 1, 'evt one', [], { source: 'shop' }),
        entry(now, 'sent-by-hand', [], { source: 'cli' }),
        unreadable(now, 'broken'),
        entry(now, 'unsigned', [], { keyIsUnsigned: true }),
      ])
      assert.deepEqual(await found(ledger, ' evt one\n'), ['event 2 event-key', 'event 1 event-key'])
      assert.deepEqual(await found(ledger, 'sent-by-hand'), ['event 3 event-key'])
      assert.deepEqual(await found(ledger, 'broken'), ['event 4 event-key'])
      assert.deepEqual(await found(ledger, 'unsigned'), ['event 5 event-key'])
      assert.deepEqual(await found(ledger, 'evt'), [])
      assert.deepEqual(await found(ledger, ''), [])
      assert.deepEqual(await found(ledger, '  '), [])
      // The id counts as long as it is remembered; then it is that of the next event that has it.
      clock.advance(30 * DAY + 1)
      await ledger.record([entry(clock.now(), 'evt one')])
      assert.deepEqual(await found(ledger, 'evt one'), ['event 6 event-key', 'event 2 event-key'])
    })

    on('finds an event by the id that it turned out to have', async (ledger, { clock }) => {
      const now = clock.now()
      await ledger.record([unreadable(now, 'hash-of-it')])
      const read = { key: 'evt-9', type: 't', senderType: 't', subject: null, occurredAt: now }
      const recorded = entry(now, 'x')
      assert.ok(recorded.kind === 'event')
      await ledger.addPlan(1, recorded.plan, read)
      assert.deepEqual(await found(ledger, 'evt-9'), ['event 1 event-key'])
    })

    on('finds by the right id where the database refused its neighbours', async (ledger, harness) => {
      const now = harness.clock.now()
      await harness.refuseEventsOfType('refused')
      const recorded = await ledger.record([
        entry(now, 'k1'),
        entry(now, 'k2', [], { type: 'refused' }),
        entry(now, 'k3', [planned(now)]),
      ])
      // Which they are is the database's own: what was undone may have used up numbers.
      for (const [n, key] of ['k1', 'k2', 'k3'].entries()) {
        const one = recorded[n]
        assert.ok(one && 'eventId' in one)
        assert.deepEqual(await found(ledger, key), [`event ${one.eventId} event-key`])
        assert.equal((await ledger.reads.event(one.eventId))?.key, key)
      }
    })

    on('finds messages by what Genesys Cloud calls them', async (ledger, harness) => {
      const { id } = await ended(ledger, harness, SENT)
      const correlationId = 'corr-2'
      await ended(ledger, harness, {
        ...SENT,
        conversationId: 'conv-2',
        correlationId,
        genesysMessageId: null,
      })
      assert.deepEqual(await found(ledger, 'conv-1'), [`message ${id} conversation`])
      assert.deepEqual(await found(ledger, 'gen-1'), [`message ${id} genesys-message`])
      assert.deepEqual(await found(ledger, 'corr-2'), [`message ${id + 1} correlation`])
      assert.deepEqual(await found(ledger, 'conv'), [])
    })

    on('finds a customer’s messages by any identifier, however it is written', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      await schedule(ledger, harness, { customer: { externalId: 'C 2', email: 'bob@example.com' } })
      for (const [text, by] of [
        ['c-1', 'externalId'],
        ['ann@example.com', 'email'],
        [' ANN@Example.COM ', 'email'],
        ['mailto:ann@example.com', 'email'],
        ['+13175550100', 'phone'],
        ['+1 (317) 555-0100', 'phone'],
        ['tel:+1-317-555-0100', 'phone'],
        ['001 317 555 0100', 'phone'],
      ] as const) {
        assert.deepEqual(await found(ledger, text), [`message ${id} ${by}`], text)
      }
      assert.deepEqual(await found(ledger, 'C 2'), [`message ${id + 1} externalId`])
      assert.deepEqual(await found(ledger, 'c 2'), [])
      assert.deepEqual(await found(ledger, 'ann'), [])
      assert.deepEqual(await found(ledger, '...'), [])
      assert.deepEqual(await found(ledger, `${'x'.repeat(200)}c-1`), [])
    })

    on(
      'finds a number that the event has without its country, once it was written to',
      async (ledger, harness) => {
        const names = ['phone:+4930123456']
        const policies = { countsIn: ['all'] }
        const id = await schedule(ledger, harness, { names, policies, customer: { phone: '030 123456' } })
        assert.deepEqual(await found(ledger, '030/123456'), [`message ${id} phone`])
        assert.deepEqual(await found(ledger, '+49 30 123456'), [])
        await ledger.settle((await openOne(ledger, draft())).id, SENT)
        assert.deepEqual(await found(ledger, '+49 30 123456'), [`message ${id} phone`])
        assert.deepEqual(await found(ledger, '0049 30 123456'), [`message ${id} phone`])
      },
    )

    on('finds each once, the newest fifty', async (ledger, harness) => {
      const customer = { externalId: '7', phone: '7' }
      for (let n = 1; n <= 60; n += 1) {
        harness.clock.advance(1)
        await schedule(ledger, harness, { customer })
      }
      const hits = await ledger.reads.search('7')
      assert.deepEqual(
        hits.map(({ kind, id }) => [kind, id]),
        Array.from({ length: 50 }, (_, n) => ['message', 60 - n]),
      )
      assert.ok(hits.every(({ by }) => by === 'externalId'))
    })
  })

  describe('the trail of one thing', () => {
    on('is what operators did to it, oldest first', async (ledger, harness) => {
      const { clock } = harness
      const [one, two] = [await schedule(ledger, harness), await schedule(ledger, harness)]
      await ledger.cancel(one, { by: 'ann', reason: 'a mistake' })
      await ledger.cancel(two, { by: 'ann', reason: null })
      clock.advance(5)
      await ledger.retry(one, { by: 'ben', force: false, reason: null })
      const recorded = entry(clock.now(), 'x')
      assert.ok(recorded.kind === 'event')
      await ledger.addPlan(1, recorded.plan, null, 'eve')
      assert.deepEqual(
        (await ledger.reads.auditOf({ message: one })).map(({ by, action, reason }) => [by, action, reason]),
        [
          ['ann', 'message.cancel', 'a mistake'],
          ['ben', 'message.retry', null],
        ],
      )
      assert.deepEqual(
        (await ledger.reads.auditOf({ event: 1 })).map(({ by, action, target }) => [by, action, target]),
        [['eve', 'event.replan', { event: 1, added: 0 }]],
      )
      assert.deepEqual(await ledger.reads.auditOf({ event: 2 }), [])
      assert.deepEqual(await ledger.reads.auditOf({ message: 99 }), [])
    })
  })
}
