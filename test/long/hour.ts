import assert from 'node:assert/strict'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { createRig, type Rig } from '../deliver/rig.ts'

/** How an hour went, in whole minutes since its beginning. */
export type HourReport = {
  messages: number
  minutes: number
  /** Calls that were made, and the 429 among their answers, in minutes without a storm and without an outage. */
  steady: { minutes: number; calls: number; slowdowns: number; shareUsed: number }
  unconfirmedAtMost: number
}

const MINUTE = 60_000
const ROUTE =
  'channels: [webmessaging]\n    brake: none\n    expireAfter: 7d\n    maxAttempts: 20\n    onUnconfirmed: resend-if-absent'

/** A number from 0 up to 1, the same at every run. */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    // xorshift32
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** What happens when, in minutes since the beginning. */
export type Plan = {
  messages: number
  ratePerMinute: number
  minutes: number
  storms: readonly number[]
  outage: { from: number; to: number }
  revocations: readonly number[]
}

/**
 * Lets `messages` become due at once, and an hour pass in which Genesys drops a tenth of the connections after it acted, lets a twentieth hang, asks for a slower
 * pace in two storms, revokes every token twice, and is away for a while. Then time passes until nothing is left. Throws where a message was sent twice or never.
 */
export async function liveThroughAnHour(plan: Plan): Promise<HourReport> {
  const { messages, ratePerMinute } = plan
  const weatherAt = (minute: number): Weather => {
    if (minute >= plan.outage.from && minute < plan.outage.to) return 'outage'
    return plan.storms.includes(minute) ? 'storm' : 'steady'
  }
  const random = randomFrom(20261124)
  const rig = await createRig({
    config: { route: ROUTE, genesys: `rateLimitPerMinute: ${ratePerMinute}`, deliveryShare: 0.05 },
    sandbox: { rateLimitPerMinute: ratePerMinute, random, analyticsLagMs: 5 * MINUTE },
    timeoutMs: 60,
  })
  try {
    const { clock, sandbox } = rig
    const startedAt = clock.now()
    for (let from = 0; from < messages; from += 500) await rig.record(from, Math.min(500, messages - from))

    const steady = { minutes: 0, calls: 0, slowdowns: 0 }
    let unconfirmedAtMost = 0
    for (let minute = 0; minute < plan.minutes; minute += 1) {
      const weather = weatherAt(minute)
      await begin(weather, weatherAt(minute - 1), sandbox)
      if (plan.revocations.includes(minute)) sandbox.revokeTokens()
      const before = { calls: rig.calls(), slowdowns: slowdownsOf(sandbox) }
      const backlog = await hasBacklog(rig)
      await rig.run(MINUTE)
      unconfirmedAtMost = Math.max(unconfirmedAtMost, (await rig.ledger.reads.summary()).messages.unconfirmed)
      // A minute counts where there was something to send from its beginning to its end, and Genesys was well a minute before too.
      const isSteady = weather === 'steady' && weatherAt(minute - 1) === 'steady'
      if (!isSteady || !backlog || !(await hasBacklog(rig))) continue
      steady.minutes += 1
      steady.calls += rig.calls() - before.calls
      steady.slowdowns += slowdownsOf(sandbox) - before.slowdowns
    }
    sandbox.clearFaults()
    while ((await open(rig)) > 0) await rig.pass(5)

    const sent = sandbox.sentTo()
    for (let n = 0; n < messages; n += 1) {
      assert.equal(
        sent.get(`contact-N-${n}`),
        1,
        `customer ${n} has been sent to ${sent.get(`contact-N-${n}`) ?? 0} times`,
      )
    }
    assert.equal(sent.size, messages)
    const shareUsed = steady.minutes === 0 ? 0 : steady.calls / (steady.minutes * ratePerMinute)
    return {
      messages,
      minutes: Math.round((clock.now() - startedAt) / MINUTE),
      steady: { ...steady, shareUsed },
      unconfirmedAtMost,
    }
  } finally {
    await rig.close()
  }
}

type Weather = 'steady' | 'storm' | 'outage'

async function begin(weather: Weather, before: Weather, sandbox: Sandbox): Promise<void> {
  if (weather === 'outage') {
    if (before !== 'outage') await sandbox.unplug()
    return
  }
  if (before === 'outage') await sandbox.mend()
  sandbox.clearFaults()
  if (weather === 'storm') sandbox.fault({ operation: 'any', status: 429, retryAfter: 7, times: 60 })
  sandbox.fault({ operation: 'message', share: 0.1, reset: 'after-acting' })
  sandbox.fault({ operation: 'message', share: 0.05, hang: true })
}

function slowdownsOf(sandbox: Sandbox): number {
  const requests = Object.entries(sandbox.requests()).filter(([name]) => name.endsWith(' 429'))
  return requests.reduce((sum, [, count]) => sum + count, 0)
}

async function hasBacklog({ ledger, clock }: Rig): Promise<boolean> {
  const { due } = await ledger.reads.summary()
  return due.count > 10 && due.oldestDueAt !== null && due.oldestDueAt <= clock.now()
}

async function open({ ledger }: Rig): Promise<number> {
  const { scheduled, sending, unconfirmed } = (await ledger.reads.summary()).messages
  return scheduled + sending + unconfirmed
}
