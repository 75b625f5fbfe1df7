import assert from 'node:assert/strict'
import type { Settlement } from '../../src/ledger/ledger.ts'
import { type Driver, LEASE_MS, takeOne } from './driver.ts'
import { messageOf } from './reference.ts'
import * as claiming from './reference-claim.ts'
import * as settling from './reference-settling.ts'

const MINUTE = 60_000

/** Genesys answers, or nobody knows. */
export async function answer(driver: Driver): Promise<string | null> {
  const { chance, ledger, ref } = driver
  const id = takeOne(driver.inFlight, driver)
  if (id === null) return null
  const attempt = ref.attempts[id - 1]
  assert.ok(attempt)
  const outcome = outcomeBy(driver, messageOf(ref, attempt.message).rule.channels)
  assert.equal(await ledger.settle(id, settlementOf(outcome)), settling.settle(ref, attempt, outcome))
  // A late answer to what was given up.
  if (outcome.kind === 'unconfirmed' && chance.is(0.3)) driver.inFlight.push(id)
  return `settle ${id} of ${attempt.message} ${JSON.stringify(outcome)}`
}

function outcomeBy(
  { chance }: Driver,
  channels: readonly NonNullable<Extract<settling.Outcome, { kind: 'failed' }>['channel']>[],
): settling.Outcome {
  const what = chance.share()
  if (what < 0.5) return { kind: 'sent' }
  if (what < 0.7) return { kind: 'unconfirmed', lookInMs: chance.is(0.8) ? MINUTE : null }
  return {
    kind: 'failed',
    retryInMs: chance.is(0.3) ? null : chance.pick([0, 2_000, 3 * MINUTE, 40 * MINUTE]),
    isFailure: chance.is(0.6),
    channel: chance.is(0.3) ? chance.pick(channels) : null,
    optedOut: chance.is(0.03),
  }
}

function settlementOf(outcome: settling.Outcome): Settlement {
  const rest = { status: null, code: null, reason: null, correlationId: null }
  const why = { messageCode: 'test', messageReason: 'What happened.' }
  switch (outcome.kind) {
    case 'sent':
      return { ...rest, outcome: 'sent', conversationId: null, genesysMessageId: null, lookInMs: null }
    case 'unconfirmed':
      return { ...rest, ...why, outcome: 'unconfirmed', lookInMs: outcome.lookInMs }
    case 'failed': {
      const { retryInMs, isFailure, channel, optedOut } = outcome
      const counts = isFailure ? 'failure' : 'nothing'
      return { ...rest, ...why, outcome: 'failed', retryInMs, counts, channel, optedOut }
    }
  }
}

export async function lookFor({ chance, ledger, ref, looks }: Driver): Promise<string> {
  const limit = chance.pick([1, 10])
  const claims = await ledger.claimLooks({ of: 'unconfirmed', owner: 'model', limit, leaseMs: LEASE_MS })
  const expected = claiming.claimLooks(ref, limit, LEASE_MS)
  assert.deepEqual(
    claims.map(({ message }) => message.id),
    expected.map(({ id }) => id),
    'who is looked for, in order',
  )
  const leased = claims.map(({ lease, attempt }, n) => ({
    lease,
    mark: expected[n]?.mark ?? 0,
    attempt: attempt.id,
  }))
  looks.push(...leased)
  return `look for ${expected.map(({ id }) => id).join(' ')}`
}

export async function sayWhatWasSeen(driver: Driver): Promise<string | null> {
  const { chance, ledger, ref } = driver
  const one = takeOne(driver.looks, driver)
  if (!one) return null
  const { lease, mark, attempt } = one
  const seen: settling.Seen = chance.pick([
    { kind: 'found' },
    { kind: 'held', againInMs: 5 * MINUTE },
    { kind: 'held', againInMs: null },
    { kind: 'absent', again: true },
    { kind: 'absent', again: false },
  ] as const)
  const look = { complete: true, saw: 'what was there' }
  const reason = 'What was seen.'
  const did = await ledger.settleLook(
    lease,
    attempt,
    seen.kind === 'found'
      ? { ...seen, conversationId: `conversation-${attempt}`, genesysMessageId: null, look, reason }
      : seen.kind === 'held'
        ? { ...seen, look, reason }
        : { ...seen, look, code: 'test', reason },
  )
  assert.equal(did, settling.settleLook(ref, lease.messageId, mark, attempt, seen))
  return `saw ${lease.messageId} ${JSON.stringify(seen)}`
}
