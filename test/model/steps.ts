import assert from 'node:assert/strict'
import { planEvent } from '../../src/plan/plan.ts'
import { type Driver, LEASE_MS, type Step, takeOne } from './driver.ts'
import { eventOf } from './reference.ts'
import * as claiming from './reference-claim.ts'
import * as receiving from './reference-receiving.ts'
import { restart } from './reference-settling.ts'
import { sendOne } from './send-one.ts'
import { allowSome, cancelSome, pauseOrResume, retrySome, settleSome, suppressSome } from './steps-by-hand.ts'
import { answer, lookFor, sayWhatWasSeen } from './steps-of-outcomes.ts'
import { readEvent, toldBy } from './world.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Each with how often it comes, beside the others. */
export const STEPS: readonly (readonly [number, Step])[] = [
  [16, recordSome],
  [14, passTime],
  [20, claimSome],
  [34, work],
  [26, answer],
  [4, lookFor],
  [6, sayWhatWasSeen],
  [4, retrySome],
  [1, cancelSome],
  [2, settleSome],
  [0.3, suppressSome],
  [1.5, allowSome],
  [2, pauseOrResume],
  [1, replanSome],
  [1, renewSome],
  [0.4, crash],
]

async function recordSome({ chance, clock, config, ledger, ref }: Driver): Promise<string> {
  const tolds = Array.from({ length: chance.pick([1, 1, 1, 2, 3]) }, () => {
    // Some come twice.
    if (ref.events.length > 0 && chance.is(0.04)) return chance.pick(ref.events)
    return toldBy(chance, `msg_${chance.below(2 ** 31)}`, clock.now())
  })
  const entries = tolds.map((told) => {
    const event = readEvent(told)
    return { kind: 'event' as const, event, plan: planEvent(event, config), keepKeyForMs: 365 * 24 * HOUR }
  })
  const recorded = await ledger.record(entries)
  const ids = recorded.map((one) => (one.kind === 'known' ? null : one.eventId))
  assert.deepEqual(
    ids,
    tolds.map((told) => receiving.record(ref, told)),
  )
  return `record ${tolds.map((told, n) => `${ids[n]} ${JSON.stringify(told)}`).join(', ')}`
}

async function passTime({ chance, clock, ref }: Driver): Promise<string> {
  const most = chance.pick([1, MINUTE, MINUTE, 5 * MINUTE, 5 * MINUTE, 20 * MINUTE, 20 * MINUTE, 2 * HOUR])
  const ms = 1 + chance.below(most)
  clock.advance(ms)
  ref.now = clock.now()
  return `pass ${ms}`
}

async function claimSome({ chance, ledger, ref, held }: Driver): Promise<string> {
  const limit = chance.pick([1, 2, 5, 100])
  const { messages } = await ledger.claim({ owner: 'model', limit, leaseMs: LEASE_MS })
  const expected = claiming.claim(ref, limit, LEASE_MS)
  assert.deepEqual(
    messages.map(({ message }) => message.id),
    expected.map(({ id }) => id),
    'who is claimed, in order',
  )
  held.push(...messages.map((claimed, n) => ({ claimed, mark: expected[n]?.mark ?? 0 })))
  return `claim ${limit}: ${expected.map(({ id }) => id).join(' ')}`
}

/** A worker goes on with a message, or meets with trouble. */
async function work(driver: Driver): Promise<string | null> {
  const { chance, ledger, ref } = driver
  const one = takeOne(driver.held, driver)
  if (!one) return null
  const { lease, message } = one.claimed
  const { id } = message
  const what = chance.share()
  if (what < 0.88) return sendOne(one, driver)
  if (what < 0.93) {
    const inMs = chance.pick([2_000, 5 * MINUTE])
    const did = await ledger.postpone(lease, { inMs, code: 'test', reason: 'Genesys does not answer' })
    assert.equal(did, claiming.postpone(ref, id, one.mark, inMs, 'test'))
    return `postpone ${id}`
  }
  if (what < 0.96) {
    const state = chance.pick(['failed', 'skipped'] as const)
    const did = await ledger.conclude(lease, { state, code: 'test', reason: 'It cannot be sent.' })
    assert.equal(did, claiming.conclude(ref, id, one.mark, state))
    return `conclude ${id} ${state}`
  }
  return `forget the lease of ${id}`
}

async function renewSome({ chance, ledger, ref, held }: Driver): Promise<string | null> {
  if (held.length === 0) return null
  const { claimed, mark } = chance.pick(held)
  const { id } = claimed.message
  const message = claiming.heldBy(ref, id, mark)
  if (message?.lease) message.lease.until = ref.now + LEASE_MS
  assert.equal(await ledger.renew(claimed.lease, LEASE_MS), message !== null)
  return `renew ${id}`
}

async function replanSome({ chance, config, ledger, ref }: Driver): Promise<string | null> {
  if (ref.events.length === 0) return null
  const event = 1 + chance.below(ref.events.length)
  const before = ref.messages.length
  const { added } = await ledger.addPlan(event, planEvent(readEvent(eventOf(ref, event)), config))
  receiving.plan(ref, event)
  assert.equal(added, ref.messages.length - before)
  return `replan ${event}`
}

async function crash(driver: Driver): Promise<string> {
  await driver.crash()
  restart(driver.ref)
  return 'crash'
}
