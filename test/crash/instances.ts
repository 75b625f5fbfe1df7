import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import { systemClock } from '../../src/clock.ts'
import { LONGEST_TURN_MS } from '../../src/ledger/verbs/turns.ts'
import { type SeenRequest, startSandbox } from '../../src/sandbox/sandbox.ts'
import { postgresServer } from '../ledger/postgres/server.ts'
import { TEST_KEY } from '../ledger/postgres-harness.ts'
import { randomFrom } from '../long/hour.ts'
import type { Running } from '../run-postrider.ts'
import { assertKept, type Sent } from './kept.ts'
import { contactOf, furnish, hookOf, newId, signed, startIn } from './setting.ts'

export type Plan = {
  instances: number
  events: number
  customers: number
  /** What Genesys Cloud allows, and the configuration says. */
  ratePerMinute: number
  /** Messages to one customer, of all that are planned: the rest is skipped. */
  cap: number
  /** Events that are posted in a second, while there are some. */
  postedPerSecond: number
  /** Between two kills. */
  killEveryMs: number
  seed: number
}

export type Report = {
  seconds: number
  kills: number
  sent: number
  skippedByCap: number
  unconfirmed: number
  /** So many of these had enough that might go for all that is allowed. */
  fullSeconds: number
  /** Of the calls that were allowed in those, the share that was made. */
  shareUsed: number
  /** The most calls in any minute, over those that are allowed. */
  mostInAMinute: number
}

const BACK_MS = 2_000

/**
 * Several instances on one PostgreSQL receive and deliver, and are killed and started at random. Throws where an acknowledged event was lost, a message sent twice, a cap exceeded, an order broken
 * or a customer kept waiting.
 */
export async function liveWithInstances(plan: Plan): Promise<Report> {
  const random = randomFrom(plan.seed)
  const folder = mkdtempSync(join(tmpdir(), 'postrider-instances-'))
  const { url, drop } = await (await postgresServer()).database()
  const sent: Sent[] = []
  const calls: number[] = []
  const sandbox = await startSandbox({
    port: 0,
    clock: systemClock,
    rateLimitPerMinute: null,
    onRequest: (seen) => note(seen, sent, calls),
  })
  const running: (Running | null)[] = []
  const done = new AbortController()
  try {
    const cap = `cap: { messages: ${plan.cap}, per: 1d, group: all }`
    furnish(folder, { ratePerMinute: plan.ratePerMinute, route: [cap] })
    for (let n = 0; n < plan.customers; n += 1) sandbox.addContact(contactOf(nameOf(n)))
    const env = { DATABASE_URL: url, POSTRIDER_KEY: TEST_KEY.toString('base64'), LOG_LEVEL: 'error' }
    const start = () => startIn(folder, sandbox.url, env)
    running.push(...(await Promise.all(Array.from({ length: plan.instances }, start))))

    const began = Date.now()
    const watching = watchWaiting(url, plan.ratePerMinute, done.signal)
    const killing = killAtRandom(running, { ...plan, random, start, signal: done.signal })
    const posted = await postAll(running, plan, random)
    await finished(url, plan)
    done.abort()
    const kills = await killing
    const waiting = await watching
    const seconds = (Date.now() - began) / 1000
    const kept = await assertKept({ url, sent, posted, cap: plan.cap })
    return { seconds, kills, ...kept, ...usedOf(calls, waiting, plan.ratePerMinute) }
  } finally {
    done.abort()
    await Promise.all(running.map((one) => one?.end('SIGKILL')))
    await sandbox.close()
    await drop()
    rmSync(folder, { recursive: true })
  }
}

function note({ path, status, body }: SeenRequest, sent: Sent[], calls: number[]): void {
  const at = Date.now()
  calls.push(at)
  if (!path.endsWith('/messages/agentless') || status === null || status >= 300) return
  const ticket = /T-\d+-\d+/.exec(JSON.stringify(body))?.[0]
  if (ticket !== undefined) sent.push({ ticket, at })
}

const nameOf = (customer: number) => `K-${customer}`

/** Kills one after another and starts it again; answers how many. There is always one that lives. */
async function killAtRandom(
  running: (Running | null)[],
  around: Plan & { random(): number; start(): Promise<Running>; signal: AbortSignal },
): Promise<number> {
  const { random, start, signal, killEveryMs } = around
  let kills = 0
  while (!signal.aborted) {
    await systemClock.sleep(killEveryMs * (0.5 + random()), signal)
    if (signal.aborted) break
    const n = Math.floor(random() * running.length)
    const one = running[n]
    running[n] = null
    await one?.end('SIGKILL')
    kills += 1
    await systemClock.sleep(BACK_MS * random(), signal)
    running[n] = await start()
  }
  return kills
}

/** Posts every event until it is acknowledged, as senders do: to another instance where one does not answer. Answers when each ticket was, in epoch milliseconds. */
async function postAll(
  running: readonly (Running | null)[],
  { events, customers, postedPerSecond }: Plan,
  random: () => number,
): Promise<ReadonlyMap<string, number>> {
  const acknowledged = new Map<string, number>()
  const tickets = Array.from({ length: events }, (_, n) => `T-${Math.floor(random() * customers)}-${n}`)
  const began = Date.now()
  let next = 0
  const poster = async () => {
    for (;;) {
      const n = next
      next += 1
      const ticket = tickets[n]
      if (ticket === undefined) return
      const early = began + (n / postedPerSecond) * 1000 - Date.now()
      if (early > 0) await wait(early)
      await postUntilAcknowledged(ticket, running, random)
      acknowledged.set(ticket, Date.now())
    }
  }
  await Promise.all(Array.from({ length: 16 }, poster))
  return acknowledged
}

async function postUntilAcknowledged(
  ticket: string,
  running: readonly (Running | null)[],
  random: () => number,
): Promise<void> {
  const event = {
    ticket,
    customer: nameOf(Number(ticket.split('-')[1])),
    id: newId(),
    happenedAt: Date.now(),
  }
  for (;;) {
    const one = running[Math.floor(random() * running.length)]
    if (one && (await isAcknowledged(hookOf(one), signed({ ...event, at: Date.now() })))) return
    await wait(100)
  }
}

async function isAcknowledged(hook: string, delivery: RequestInit): Promise<boolean> {
  try {
    const response = await fetch(hook, delivery)
    await response.arrayBuffer()
    assert.ok(response.ok || response.status === 503, `answered ${response.status}`)
    return response.ok
  } catch (error) {
    // Killed meanwhile: whether it was recorded is not known, and the same is posted once more.
    if (error instanceof assert.AssertionError) throw error
    return false
  }
}

/** Until nothing more happens by itself. Rejects where that takes three times as long as the rate asks for, and longer than messages may wait behind one that is looked for. */
async function finished(url: string, { events, ratePerMinute }: Plan): Promise<void> {
  const until = Date.now() + LONGEST_TURN_MS + Math.max(120_000, (3 * events * 60_000) / ratePerMinute)
  const db = new Client({ connectionString: url })
  await db.connect()
  try {
    for (;;) {
      const { rows } = await db.query(
        `SELECT count(*)::int AS open FROM messages
         WHERE state IN ('scheduled', 'sending') OR (state = 'unconfirmed' AND look_at IS NOT NULL AND looks = 0)`,
      )
      if (rows[0]?.open === 0) return
      assert.ok(Date.now() < until, `${rows[0]?.open} messages are still not sent`)
      await wait(500)
    }
  } finally {
    await db.end()
  }
}

/** In the seconds in which enough waited, and in any minute. `waiting`: the beginnings of such seconds, in epoch milliseconds. */
function usedOf(
  calls: readonly number[],
  waiting: readonly number[],
  ratePerMinute: number,
): Pick<Report, 'fullSeconds' | 'shareUsed' | 'mostInAMinute'> {
  const sorted = calls.toSorted((a, b) => a - b)
  const made = waiting.reduce(
    (sum, from) => sum + countBefore(sorted, from + SECOND_MS) - countBefore(sorted, from),
    0,
  )
  let most = 0
  let from = 0
  for (const [n, at] of sorted.entries()) {
    while ((sorted[from] ?? at) <= at - 60_000) from += 1
    most = Math.max(most, n - from + 1)
  }
  return {
    fullSeconds: waiting.length,
    shareUsed: made / ((waiting.length / 60) * ratePerMinute),
    mostInAMinute: most / ratePerMinute,
  }
}

const SECOND_MS = 1_000

/** How many of these, which are in order, are below. */
function countBefore(sorted: readonly number[], at: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? at) < at) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Looks once a second whether so many customers wait as calls are allowed until the next look: with a message that is due, that nobody has taken, and that no other one of theirs holds up. Each needs a call at
 * least. Answers the beginnings of those seconds at whose beginning and end it was so.
 */
async function watchWaiting(url: string, ratePerMinute: number, signal: AbortSignal): Promise<number[]> {
  const enough = Math.ceil(ratePerMinute / 60)
  const db = new Client({ connectionString: url })
  await db.connect()
  const found: number[] = []
  try {
    for (let at = Date.now(), didWait = false; !signal.aborted; at += SECOND_MS) {
      const { rows } = await db.query(
        `SELECT DISTINCT names FROM messages
         WHERE state = 'scheduled' AND waits_for IS NULL AND lease_until <= $1 AND due_at <= $1
           AND NOT EXISTS (SELECT 1 FROM turns WHERE turns.hash = messages.names) LIMIT $2`,
        [Date.now(), enough],
      )
      const doesWait = rows.length >= enough
      if (didWait && doesWait) found.push(at - SECOND_MS)
      didWait = doesWait
      await systemClock.sleep(at + SECOND_MS - Date.now(), signal)
    }
  } finally {
    await db.end()
  }
  return found
}
