import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Ledger, Opened } from '../../../src/ledger/ledger.ts'
import type { Cap, Policies } from '../../../src/message.ts'
import type { Harness } from '../contract.ts'
import {
  claimAll,
  claimOne,
  DAY,
  draft,
  failed,
  HOUR,
  happens,
  messageWith,
  onLedger,
  openOne,
  SENT,
  schedule,
  UNCONFIRMED,
} from './build.ts'

const MAIL = 'email:ann@example.com'
const PHONE = 'phone:+13175550100'
const CAP: Cap = { messages: 2, perMs: DAY, group: 'all' }

function capped(
  rest: Partial<Policies> & { names?: readonly string[]; expireAt?: number } = {},
): Parameters<typeof schedule>[2] {
  const { names = [MAIL], expireAt, ...policies } = rest
  return {
    names,
    ...(expireAt === undefined ? {} : { expireAt }),
    policies: { cap: CAP, countsIn: ['all'], ...policies },
  }
}

/** What the last look says of the one message that is due. */
async function opened(ledger: Ledger): Promise<Opened> {
  return ledger.open((await claimOne(ledger)).lease, draft())
}

function codeOf(answer: Opened): string {
  return 'code' in answer ? `${answer.kind} ${answer.code}` : answer.kind
}

export function capping(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  /** Schedules one and takes it through; what came of the last look. */
  async function sendOne(ledger: Ledger, harness: Harness, message = capped()): Promise<string> {
    await schedule(ledger, harness, message)
    const answer = await opened(ledger)
    if (answer.kind === 'open') await ledger.settle(answer.attempt.id, SENT)
    return codeOf(answer)
  }

  describe('cap', () => {
    on('lets so many through within its time, which slides to the millisecond', async (ledger, harness) => {
      const { clock } = harness
      assert.equal(await sendOne(ledger, harness), 'open')
      clock.advance(HOUR)
      assert.equal(await sendOne(ledger, harness), 'open')
      clock.advance(DAY - HOUR - 1)
      const late = await schedule(ledger, harness, capped())
      const answer = await opened(ledger)
      assert.equal(codeOf(answer), 'skipped cap')
      const { state, code, reason } = await messageWith(ledger, late)
      assert.deepEqual([state, code], ['skipped', 'cap'])
      assert.match(reason ?? '', /2 messages within 1 day/)
      clock.advance(1)
      assert.equal(await sendOne(ledger, harness), 'open')
      assert.equal(await sendOne(ledger, harness), 'skipped cap')
    })

    on('a customer who is met under two names is one', async (ledger, harness) => {
      assert.equal(await sendOne(ledger, harness, capped({ names: [MAIL] })), 'open')
      assert.equal(await sendOne(ledger, harness, capped({ names: [PHONE] })), 'open')
      assert.equal(await sendOne(ledger, harness, capped({ names: [MAIL, PHONE] })), 'skipped cap')
      assert.equal(await sendOne(ledger, harness, capped({ names: ['email:ben@example.com'] })), 'open')
    })

    on('one message that bears both names is one message', async (ledger, harness) => {
      const both = capped({ names: [MAIL, PHONE] })
      assert.equal(await sendOne(ledger, harness, both), 'open')
      assert.equal(await sendOne(ledger, harness, both), 'open')
      assert.equal(await sendOne(ledger, harness, both), 'skipped cap')
    })

    on('a group counts what counts in it, and nothing else', async (ledger, harness) => {
      const news: Cap = { messages: 1, perMs: DAY, group: 'news' }
      const inNews = capped({ cap: news, countsIn: ['all', 'news'] })
      assert.equal(await sendOne(ledger, harness, capped()), 'open')
      assert.equal(await sendOne(ledger, harness, inNews), 'open')
      assert.equal(await sendOne(ledger, harness, inNews), 'skipped cap')
      assert.equal(await sendOne(ledger, harness, capped()), 'skipped cap', 'all of them are two')
      assert.equal(await sendOne(ledger, harness, capped({ cap: null, countsIn: [] })), 'open')
    })

    on(
      'what failed does not count; what is on its way and what nobody knows does',
      async (ledger, harness) => {
        const one = { ...CAP, messages: 1 }
        await schedule(ledger, harness, capped({ cap: one }))
        const attempt = await openOne(ledger)
        // Under another of their names, so that it has not to wait for the first; they meet in the third.
        const other = capped({ cap: one, names: [PHONE, MAIL] })
        await ledger.settle(attempt.id, failed(null))
        assert.equal(await sendOne(ledger, harness, other), 'open')
        harness.clock.advance(DAY)
        const id = await schedule(ledger, harness, capped({ cap: one }))
        await ledger.settle((await openOne(ledger)).id, UNCONFIRMED)
        assert.equal(await sendOne(ledger, harness, other), 'skipped cap')
        await ledger.settleByHand(id, { by: 'ann', as: 'not-sent', reason: null })
        assert.equal(await sendOne(ledger, harness, other), 'open')
      },
    )

    on('a message’s own attempts are no reason against it', async (ledger, harness) => {
      const one = capped({ cap: { ...CAP, messages: 1 }, onUndelivered: 'next-channel' })
      const id = await schedule(ledger, harness, one)
      await ledger.settle((await openOne(ledger)).id, SENT)
      const undelivered = { conversationId: 'conv-1', genesysMessageIds: [] }
      await happens(ledger, harness, { undelivered })
      await ledger.settle((await openOne(ledger, { channel: 'email' })).id, SENT)
      await ledger.retry(id, { by: 'ann', force: true, reason: 'Lost.' })
      assert.equal((await opened(ledger)).kind, 'open')
    })

    on('defer: it waits until there is room, and holds nobody meanwhile', async (ledger, harness) => {
      const { clock } = harness
      const first = clock.now()
      assert.equal(await sendOne(ledger, harness), 'open')
      clock.advance(HOUR)
      assert.equal(await sendOne(ledger, harness), 'open')
      const id = await schedule(ledger, harness, capped({ onCap: 'defer', expireAt: first + DAY }))
      assert.equal(codeOf(await opened(ledger)), 'deferred cap')
      const { state, code, dueAt } = await messageWith(ledger, id)
      assert.deepEqual([state, code, dueAt], ['scheduled', 'cap', first + DAY])
      assert.equal(await sendOne(ledger, harness, capped({ cap: null })), 'open')
      clock.advance(DAY - HOUR - 1)
      assert.deepEqual(await claimAll(ledger), [])
      clock.advance(1)
      // The third one took the room meanwhile.
      assert.equal(codeOf(await opened(ledger)), 'skipped cap')
    })

    on('defer: when there is room it goes', async (ledger, harness) => {
      await sendOne(ledger, harness)
      await sendOne(ledger, harness)
      const deferred = { ...capped({ onCap: 'defer' }), expireAt: harness.clock.now() + 2 * DAY }
      await schedule(ledger, harness, deferred)
      assert.equal(codeOf(await opened(ledger)), 'deferred cap')
      harness.clock.advance(DAY)
      assert.equal((await opened(ledger)).kind, 'open')
    })

    on('defer: never beyond the time by which it must be sent', async (ledger, harness) => {
      await sendOne(ledger, harness)
      await sendOne(ledger, harness)
      const expireAt = harness.clock.now() + DAY - 1
      await schedule(ledger, harness, { ...capped({ onCap: 'defer' }), expireAt })
      assert.equal(codeOf(await opened(ledger)), 'skipped cap')
    })
  })
}
