import type { Clock } from '../clock.ts'
import type { Answer } from '../genesys/genesys.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../log.ts'
import { type Pause, PROBED_PAUSES, type ProbedPauseCode } from '../message.ts'
import { backoff, type Random } from './backoff.ts'
import { outcomeOf } from './outcomes.ts'

/**
 * Stops the sender when Genesys is in trouble and lets it go again when one message got through: an outage must not turn the
 * backlog into `unconfirmed`. The stop is a pause in the ledger, seen by every instance and kept over a restart.
 */
export type Breaker = {
  /** Takes note of a send that is about to leave. */
  leaves(messageId: number): void
  /** Takes note of an answer. `probe` is the pause that the message probes for. */
  after(answer: Answer<unknown>, asked: Asked, probe: Pause | null): Promise<void>
  /** To be called when a probe's message is done: where it never came to a send, the next message may probe at once. */
  release(probe: Pause): Promise<void>
  /**
   * How many messages may be on their way at once, of `most`. One whose answer is late while later ones were answered takes nobody's place: it hangs by itself. In
   * an outage nothing is answered, and nothing takes the place of what hangs.
   */
  room(most: number): number
}

/**
 * What was asked of Genesys: a send of a message, or a question on the way to it. `isLookedFor`: where nobody learns what became of a send, it is looked for and
 * sent again by itself (`resend-if-absent`).
 */
export type Asked = { kind: 'send' | 'question'; messageId: number; isLookedFor: boolean }

/** Two in a row: one is a hiccup of a single request. */
const UNCERTAIN_IN_A_ROW = 2
/** What is looked for and sent again by itself costs nobody a message: a connection that drops one request in seven is not to stop it every few seconds. */
const UNCERTAIN_IN_A_ROW_LOOKED_FOR = 4
/** Probes come after 1, 2, 4 … 60 s. */
const FIRST_PROBE_MS = 1_000
const LAST_PROBE_MS = 60_000
/**
 * An empty request was answered as it should, and the message that followed was not: each such probe may cost a customer a message of which nobody
 * knows, so they are few.
 */
const FIRST_COSTLY_PROBE_MS = 10 * 60_000
const LAST_COSTLY_PROBE_MS = 60 * 60_000
/** Without Retry-After: 1, 2, 4 … s, spread. */
const FIRST_SLOWDOWN_MS = 1_000
const LAST_SLOWDOWN_MS = 60_000
/** Who asks for so long speaks of a limit of the day, not of the minute. */
export const LONG_SLOWDOWN_MS = 5 * 60_000
/** An answer that takes longer is late: Genesys' own take some tenths of a second. */
const LATE_MS = 2_000
/** At once where nothing was answered yet; one more for each message that was sent. What is on its way when Genesys fails may stay unconfirmed. */
export const FEWEST = 3

export function createBreaker(deps: {
  ledger: Pick<Ledger, 'pause' | 'pauses' | 'resume'>
  clock: Pick<Clock, 'now'>
  log: Log
  random: Random
}): Breaker {
  let uncertain = 0
  let lastUncertain: number | null = null
  let slowdowns = 0
  let costlyProbes = 0
  let sentInARow = 0
  /** When each send left that has no answer yet, in that order. */
  const flying = new Map<number, number>()
  /** Those of them that a later one has overtaken. */
  const hanging = new Set<number>()

  function lands(messageId: number, isAnswered: boolean): void {
    const left = flying.get(messageId) ?? Number.NEGATIVE_INFINITY
    flying.delete(messageId)
    hanging.delete(messageId)
    if (!isAnswered) return
    const late = Math.min(left, deps.clock.now() - LATE_MS)
    for (const [earlier, leftAt] of flying) {
      if (leftAt > late) break
      hanging.add(earlier)
    }
  }

  async function after(answer: Answer<unknown>, asked: Asked, probe: Pause | null): Promise<void> {
    const { certainty, pause } = outcomeOf(answer)
    if (asked.kind === 'send') lands(asked.messageId, certainty !== 'unknown')
    if (certainty === 'unknown') {
      sentInARow = 0
      // One customer whose look-up fails again and again is not an outage.
      if (asked.messageId !== lastUncertain) uncertain += 1
      lastUncertain = asked.messageId
      const costly = probe !== null && asked.kind === 'send' && !asked.isLookedFor
      if (costly) costlyProbes += 1
      const most = asked.isLookedFor ? UNCERTAIN_IN_A_ROW_LOOKED_FOR : UNCERTAIN_IN_A_ROW
      if (probe || uncertain >= most) {
        await stop('uncertain', uncertainReason(uncertain, costly), probe, costly ? costlyWait() : null)
      }
      return
    }
    uncertain = 0
    lastUncertain = null
    if (certainty === 'sent' && asked.kind === 'send') sentInARow += 1
    if (pause?.code === 'rate-limited') {
      await slowDown(answer, pause.reason)
    } else if (pause) {
      sentInARow = 0
      await stop(pause.code as ProbedPauseCode, pause.reason, probe, null)
      return
    } else slowdowns = 0
    if (probe) await letGo()
  }

  function costlyWait(): number {
    return backoff(costlyProbes - 1, FIRST_COSTLY_PROBE_MS, LAST_COSTLY_PROBE_MS)
  }

  /** Begins a pause that probes, or waits longer with the one whose probe failed. */
  async function stop(
    code: ProbedPauseCode,
    reason: string,
    probe: Pause | null,
    waitMs: number | null,
  ): Promise<void> {
    const standing = (await deps.ledger.pauses()).find(isProbed)
    // Answers to what was on its way when the pause began say nothing new.
    if (standing && !probe) return
    const probes = probe ? probe.probes + 1 : 0
    const forMs = waitMs ?? backoff(probes, FIRST_PROBE_MS, LAST_PROBE_MS)
    const pause = await deps.ledger.pause({
      scope: 'all',
      name: null,
      code,
      reason,
      forMs,
      probes,
      by: 'postrider',
    })
    if (probe && probe.id !== pause.id) await deps.ledger.resume(probe.id, 'postrider')
    if (probe)
      deps.log.warn('Genesys Cloud is still in trouble', { pause: pause.id, code, reason, ms: forMs })
    else deps.log.error('sending paused itself', { pause: pause.id, code, reason, ms: forMs })
  }

  async function slowDown(answer: Answer<unknown>, reason: string): Promise<void> {
    const asked = 'retryAfterMs' in answer ? answer.retryAfterMs : null
    const daily = asked !== null && asked >= LONG_SLOWDOWN_MS
    // Who says 0 again and again is asked ever more slowly too.
    const forMs = Math.max(asked ?? 0, backoff(slowdowns, FIRST_SLOWDOWN_MS, LAST_SLOWDOWN_MS, deps.random))
    slowdowns += 1
    const pause = await deps.ledger.pause({
      scope: 'all',
      name: null,
      code: 'rate-limited',
      reason: daily ? usedUpReason(new Date(deps.clock.now() + forMs)) : reason,
      forMs,
      probes: 0,
      by: 'postrider',
    })
    deps.log.warn('sending slowed down', { pause: pause.id, code: 'rate-limited', reason, ms: forMs })
  }

  async function letGo(): Promise<void> {
    costlyProbes = 0
    for (const pause of (await deps.ledger.pauses()).filter(isProbed)) {
      await deps.ledger.resume(pause.id, 'postrider')
      deps.log.info('sending resumed: Genesys Cloud answers again', { pause: pause.id, code: pause.code })
    }
  }

  async function release(probe: Pause): Promise<void> {
    const standing = (await deps.ledger.pauses()).find((pause) => pause.id === probe.id)
    if (!standing || standing.probes !== probe.probes) return
    const { scope, name, code, reason, probes, by } = standing
    await deps.ledger.pause({ scope, name, code, reason, forMs: 0, probes, by })
  }

  return {
    after,
    release,
    // After an uncertain outcome nothing more is sent beside what is on its way, until the next answer.
    room: (most) => (uncertain > 0 ? 1 : Math.min(most, FEWEST + sentInARow)) + hanging.size,
    leaves(messageId) {
      flying.set(messageId, deps.clock.now())
    },
  }
}

function isProbed(pause: Pause): boolean {
  return pause.scope === 'all' && PROBED_PAUSES.some((code) => code === pause.code)
}

function usedUpReason(until: Date): string {
  return `A limit of the Genesys Cloud org is used up (429); sending resumes by itself at ${until.toISOString()}. Where this repeats, have the limit raised by Genesys’ support, or send less in a day.`
}

function uncertainReason(count: number, costly: boolean): string {
  if (costly) {
    return 'Requests are checked, and a message that was tried got no answer that said what became of it. So that no more messages end unconfirmed, the next is tried after 10 to 60 minutes. When Genesys Cloud is well again, sooner: postrider resume'
  }
  const what = count > 1 ? `${count} requests in a row` : 'A request'
  return `${what} left, and no answer of Genesys Cloud said what became of ${count > 1 ? 'them' : 'it'}. Look at status.mypurecloud.com; sending resumes by itself when one gets through.`
}
