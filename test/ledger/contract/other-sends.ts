import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { AttemptDraft, Settlement } from '../../../src/ledger/ledger.ts'
import { CLOCK_SLACK_MS } from '../../../src/message.ts'
import type { Harness } from '../contract.ts'
import {
  claimAll,
  claimLook,
  DAY,
  draft,
  ended,
  failed,
  onLedger,
  openOne,
  SENT,
  schedule,
  UNCONFIRMED,
} from './build.ts'

const MINUTE = 60_000
const DUE = { ...UNCONFIRMED, lookInMs: 0 }

export function otherSends(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('what else went to the same customer', () => {
    const sent = (genesysMessageId: string | null, conversationId: string | null): Settlement => ({
      ...SENT,
      genesysMessageId,
      conversationId,
    })

    on('ids that are known are told, and nobody else’s', async (ledger, harness) => {
      await ended(ledger, harness, sent('gen-early', 'conv-early'))
      harness.clock.advance(1)
      await ended(ledger, harness, sent('gen-before', 'conv-1'))
      harness.clock.advance(CLOCK_SLACK_MS)
      await ended(ledger, harness, DUE)
      harness.clock.advance(DAY)
      await ended(ledger, harness, sent('gen-after', 'conv-2'))
      await ended(ledger, harness, sent('gen-again', 'conv-2'))
      await ended(ledger, harness, sent('gen-other', 'conv-3'), { opened: { contactId: 'contact-2' } })
      await ended(ledger, harness, failed(null))
      assert.deepEqual((await claimLook(ledger)).others, {
        genesysMessageIds: ['gen-before', 'gen-after', 'gen-again'],
        conversationIds: ['conv-1', 'conv-2'],
        unidentified: 0,
      })
    })

    on(
      'sends of which no id is known are counted: sent, being sent, unconfirmed',
      async (ledger, harness) => {
        const { id } = await ended(ledger, harness, { ...UNCONFIRMED, lookInMs: MINUTE })
        await ended(ledger, harness, sent(null, null))
        await ended(ledger, harness, sent(null, 'conv-1'))
        await ended(ledger, harness, UNCONFIRMED)
        await schedule(ledger, harness)
        await openOne(ledger)
        await ended(ledger, harness, failed(null))
        harness.clock.advance(MINUTE)
        const { message, others } = await claimLook(ledger)
        assert.equal(message.id, id)
        assert.deepEqual(others, { genesysMessageIds: [], conversationIds: ['conv-1'], unidentified: 4 })
      },
    )

    on(
      'by address too, of the same channel; an email is known by its conversation',
      async (ledger, harness) => {
        const to = (
          address: string,
          channel: AttemptDraft['channel'] = 'email',
          contactId: string | null = null,
        ) => ({
          opened: { address, channel, contactId },
        })
        await ended(ledger, harness, DUE, to('ann@example.com', 'email', 'contact-1'))
        await ended(ledger, harness, sent(null, 'conv-1'), to('ann@example.com'))
        await ended(ledger, harness, sent(null, null), to('ann@example.com'))
        await ended(ledger, harness, sent('gen-b', 'conv-b'), to('bob@example.com'))
        await ended(ledger, harness, sent('gen-o', 'conv-o'), to('ann@example.com', 'open'))
        // To the same contact over another channel: its ids are told, but it cannot be taken for the email.
        await ended(ledger, harness, sent('gen-w', 'conv-w'))
        await ended(ledger, harness, sent(null, null))
        const { attempt, others } = await claimLook(ledger)
        assert.equal(attempt.address, 'ann@example.com')
        assert.deepEqual(others, {
          genesysMessageIds: ['gen-w'],
          conversationIds: ['conv-w', 'conv-1'],
          unidentified: 1,
        })
      },
    )

    on('earlier attempts of the same message are others too', async (ledger, harness) => {
      const { id } = await ended(ledger, harness, sent('gen-1', 'conv-1'))
      await ledger.retry(id, { by: 'ann', force: true, reason: 'Lost.' })
      await ledger.settle((await openOne(ledger)).id, DUE)
      assert.deepEqual((await claimLook(ledger)).others.genesysMessageIds, ['gen-1'])
    })

    on('more than can be told apart count as unidentified', async (ledger, harness) => {
      await ended(ledger, harness, DUE)
      for (let count = 0; count < 101; count += 1) await schedule(ledger, harness)
      const claimed = await claimAll(ledger, 200)
      const opened = await Promise.all(claimed.map(({ lease }) => ledger.open(lease, draft())))
      await Promise.all(
        opened.map(
          (one, n) => one.kind === 'open' && ledger.settle(one.attempt.id, sent(`gen-${n}`, 'conv-1')),
        ),
      )
      const { others } = await claimLook(ledger)
      assert.equal(others.genesysMessageIds.length, 100)
      assert.ok(others.unidentified >= 1)
    })
  })
}
