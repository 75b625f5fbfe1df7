import type { Ledger, LookClaim, LookResult } from '../ledger/ledger.ts'
import type { Log } from '../log.ts'
import { ANALYTICS_LAG_MS, LOOK_WAITS_MS } from '../message.ts'
import type { Counts } from '../metrics.ts'
import { type SearchDeps, type Sight, search } from './search.ts'

export type LookDeps = SearchDeps & {
  ledger: Pick<Ledger, 'settleLook'>
  log: Log
  counts?: Pick<Counts, 'became'>
}

/**
 * Looks in Genesys Cloud for what an unconfirmed attempt made, and writes down what that comes to: `sent` where it is found; else held for an operator with
 * what was seen; or scheduled anew where its absence is known and the route says so.
 *
 * How: every conversation of the contact that could have taken the message, the messages in it since the attempt began, their texts.
 */
export async function look(claim: LookClaim, deps: LookDeps): Promise<void> {
  const { lease, message, attempt } = claim
  const sight = await search(claim, deps)
  if (deps.stopping.aborted) return
  const result = verdictOf(claim, sight, deps.clock.now())
  if (!(await deps.ledger.settleLook(lease, attempt.id, result))) return
  if (result.kind === 'found') deps.counts?.became('sent', message.route, 'found')
  if (result.kind === 'absent' && !result.again) deps.counts?.became('failed', message.route, result.code)
  deps.log[result.kind === 'held' ? 'warn' : 'info'](LOG_WORDS[result.kind], {
    event: message.eventId,
    message: message.id,
    source: message.source,
    route: message.route,
    attempt: attempt.id,
    count: message.looks + 1,
    ...(result.kind === 'found' ? { conversationId: result.conversationId } : {}),
  })
}

const LOG_WORDS: Readonly<Record<LookResult['kind'], string>> = {
  found: 'unconfirmed message found in Genesys Cloud: it was sent',
  held: 'unconfirmed message not found, and held',
  absent: 'unconfirmed message is known to be absent',
}

/** What a look makes of the message. Pure. */
export function verdictOf(
  { message, attempt }: Pick<LookClaim, 'message' | 'attempt'>,
  sight: Sight,
  now: number,
): LookResult {
  const looks = message.looks + 1
  if (sight.kind === 'found') {
    const { conversationId, genesysMessageId, saw } = sight
    const reason = `Found in Genesys Cloud by look-up ${looks}: ${saw}.`
    return { kind: 'found', conversationId, genesysMessageId, look: { complete: true, saw }, reason }
  }
  const look = { complete: sight.complete, saw: sight.saw }
  const { onUnconfirmed, maxAttempts } = message.policies
  const { lastLook } = message
  const ageMs = now - (attempt.settledAt ?? attempt.openedAt)
  // The later of two that agree is as late as the third that is planned, however early the first was.
  const isLate = ageMs >= (PLANNED_MS[2] ?? 0)
  const agrees = isLate && lastLook?.complete === true && now - lastLook.at >= ANALYTICS_LAG_MS
  if (onUnconfirmed === 'resend-if-absent' && sight.complete && agrees) {
    const again = message.failures + 1 < maxAttempts
    const code = again ? 'absent' : 'max-attempts'
    const reason = again
      ? `Two look-ups found that Genesys Cloud does not have it (${sight.saw}); it is sent again.`
      : `Given up after ${maxAttempts} attempts: Genesys Cloud does not have the last one either (${sight.saw}).`
    return { kind: 'absent', again, look, code, reason }
  }
  // Over the other channels no look is ever complete: more of them would find out nothing.
  const mayResend = onUnconfirmed === 'resend-if-absent' && attempt.channel === 'webmessaging'
  const againInMs = nextLook(ageMs, sight, mayResend ? { isFirst: lastLook?.complete !== true } : null)
  const settle = `postrider messages settle ${message.id} --as sent (or not-sent)`
  const todo =
    againInMs === null
      ? `Look at the customer’s conversations in Genesys Cloud, then say what you found: ${settle}.`
      : `It is looked for again. Whoever knows better says so: ${settle}.`
  const reason = `Nobody knows whether it was sent. Look-up ${looks}: ${sight.saw}. ${todo}`
  return { kind: 'held', againInMs, look, reason }
}

/** When looks are planned, counted from when the attempt was given up as unconfirmed. */
const PLANNED_MS = LOOK_WAITS_MS.map((_, n) =>
  LOOK_WAITS_MS.slice(0, n + 1).reduce((sum, wait) => sum + wait, 0),
)
/** What is not known after a day is for a person. */
const LOOK_FOR_MS = 24 * 3_600_000
const MOST_WAIT_MS = 60 * 60_000

/** How long until the next look; null: it waits for an operator. A look that was not answered does not stand for one of those that are planned. */
function nextLook(
  ageMs: number,
  { answered, complete }: Extract<Sight, { kind: 'not-found' }>,
  resend: { isFirst: boolean } | null,
): number | null {
  if (!answered) {
    return ageMs < LOOK_FOR_MS
      ? Math.round(Math.min(MOST_WAIT_MS, Math.max(LOOK_WAITS_MS[0], ageMs / 4)))
      : null
  }
  const planned = PLANNED_MS.find((at) => at > ageMs)
  if (planned !== undefined) return planned - ageMs
  // Two looks have to agree, and this may have been the first that was complete.
  const isWorthIt = ageMs < LOOK_FOR_MS || (complete && resend?.isFirst === true)
  return resend !== null && isWorthIt ? LOOK_WAITS_MS[2] : null
}
