import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { createContacts } from '../../src/deliver/contacts.ts'
import { settle } from '../../src/deliver/settle.ts'
import { PostriderError } from '../../src/errors.ts'
import { createManualClock } from '../manual-clock.ts'
import { testLog } from '../test-log.ts'
import { answered } from './answers.ts'
import { attemptWith, messageWith, NOW } from './messages.ts'

const MINUTE = 60_000

const message = messageWith({ state: 'sending', attempts: 1 })
const claimed: Parameters<typeof settle>[0] = {
  lease: { messageId: message.id, owner: 'test', token: 't' },
  message,
  event: {
    id: message.eventId,
    source: message.source,
    type: 'ticket.resolved',
    senderType: 'ticket.resolved',
    key: 'msg_1',
    subject: null,
    occurredAt: NOW,
    receivedAt: NOW,
    state: 'planned',
    reason: null,
    notes: [],
    raw: Buffer.from('{}'),
    headers: {},
    configVersion: 'test',
  },
}

/** An outcome whose ledger cannot be written until `back` is called; how often it was tried, and when it came to its end. */
async function unwritable() {
  const clock = createManualClock()
  const stopping = new AbortController()
  const began = clock.now()
  let isBack = false
  let tries = 0
  let endedAfterMs: number | null = null
  const ledger = {
    settle: async () => {
      tries += 1
      if (isBack) return true
      throw new PostriderError('LEDGER_UNAVAILABLE', 'The ledger is gone.', { retryable: true })
    },
  }
  const target = { channel: 'webmessaging', contact: null, address: null, session: null } as const
  const outcome = {
    attempt: attemptWith(),
    answer: answered({ messageId: 'm-1', conversationId: 'c-1' }),
    tookMs: 5,
  }
  const deps = {
    ledger: ledger as unknown as Parameters<typeof settle>[3]['ledger'],
    contacts: createContacts(clock),
    clock,
    random: () => 0.5,
    log: testLog(),
    stopping: stopping.signal,
  }
  void settle(claimed, target, outcome, deps).then(() => {
    endedAfterMs = clock.now() - began
  })
  // It has been refused once, and sleeps.
  await setImmediate()
  return {
    clock,
    stop: () => stopping.abort(),
    back: () => {
      isBack = true
    },
    tries: () => tries,
    endedAfterMs: () => endedAfterMs,
  }
}

describe('an outcome whose ledger cannot be written', () => {
  it('is tried for as long as Postrider runs, and written when the ledger is back', async () => {
    const one = await unwritable()
    await one.clock.advance(60 * MINUTE)
    assert.ok(one.tries() > 60 * 11, `tried ${one.tries()} times`)
    assert.equal(one.endedAfterMs(), null)
    one.back()
    await one.clock.advance(10_000)
    assert.ok((one.endedAfterMs() ?? 0) > 60 * MINUTE)
  })

  it('keeps a stop from ending for 20 s, and is then left to the next start', async () => {
    const one = await unwritable()
    await one.clock.advance(MINUTE)
    one.stop()
    await one.clock.advance(15_000)
    assert.equal(one.endedAfterMs(), null)
    await one.clock.advance(15_000)
    const ended = one.endedAfterMs()
    assert.ok(ended !== null && ended >= MINUTE + 20_000 && ended <= MINUTE + 30_000, `after ${ended} ms`)
  })

  it('is written after the stop where the ledger comes back in time', async () => {
    const one = await unwritable()
    await one.clock.advance(MINUTE)
    one.stop()
    await one.clock.advance(10_000)
    one.back()
    const before = one.tries()
    await one.clock.advance(5_000)
    assert.equal(one.tries(), before + 1)
    assert.ok((one.endedAfterMs() ?? Number.POSITIVE_INFINITY) <= MINUTE + 15_000)
  })
})
