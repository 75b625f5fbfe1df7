import type { Answer, Sent } from '../genesys/genesys.ts'
import type { Settlement } from '../ledger/ledger.ts'
import { LOOK_WAITS_MS, type Message } from '../message.ts'
import { backoff, type Random } from './backoff.ts'
import { DELIVERY_WAITS_MS } from './delivery.ts'
import { channelAfter, type Target } from './find.ts'
import { type Outcome, outcomeOf } from './outcomes.ts'

/** A customer who talks to somebody without end gets the message never: 30 waits of up to 15 minutes are some seven hours. */
export const MOST_WAITS = 30

/** What an answer to a send makes of the attempt and of its message. Pure. */
export function settlementOf(
  message: Message,
  target: Target,
  answer: Answer<Sent>,
  random: Random,
): Settlement {
  const outcome = outcomeOf(answer)
  const written = {
    status: 'status' in answer ? answer.status : null,
    code: answer.kind === 'ok' ? null : answer.code,
    reason: outcome.reason,
    correlationId: 'correlationId' in answer ? answer.correlationId : null,
  }
  if (answer.kind === 'ok') {
    const { conversationId, messageId } = answer.value
    // Of an email there are no details to read, and none of a message without an id.
    const lookInMs = messageId === null || target.channel === 'email' ? null : DELIVERY_WAITS_MS[0]
    return { ...written, outcome: 'sent', conversationId, genesysMessageId: messageId, lookInMs }
  }
  if (outcome.certainty === 'unknown') {
    const messageReason = `${outcome.reason} ${unconfirmedTodo(message.id)}`
    const lookInMs = LOOK_WAITS_MS[0]
    return { ...written, outcome: 'unconfirmed', messageCode: outcome.code, messageReason, lookInMs }
  }
  const wish = outcome.optedOut ? { optedOut: true } : {}
  const failed = { ...written, outcome: 'failed' as const, channel: null, ...wish }
  // A contact that was known from memory may have been merged or deleted since: look it up anew, once.
  if (outcome.code === 'not-found' && target.channel === 'webmessaging' && target.contact?.cached) {
    const messageReason =
      'Genesys Cloud no longer knows the contact that was found earlier; it is looked up anew.'
    return { ...failed, retryInMs: 0, counts: 'failure', messageCode: 'not-found', messageReason }
  }
  const next = outcome.destination ? channelAfter(target.channel, message.policies) : null
  if (next !== null) {
    const messageReason = `${target.channel}: ${outcome.reason} The next channel is tried: ${next}.`
    return {
      ...failed,
      channel: next,
      retryInMs: 0,
      counts: 'nothing',
      messageCode: 'next-channel',
      messageReason,
    }
  }
  const { retry } = outcome
  const counts = retry?.counts ?? 'failure'
  const exhausted = retry === null ? null : exhaustion(message, outcome)
  if (retry === null || exhausted !== null) {
    const messageReason = exhausted?.reason ?? outcome.reason
    return { ...failed, retryInMs: null, counts, messageCode: exhausted?.code ?? outcome.code, messageReason }
  }
  const tries = retry.counts === 'wait' ? message.waits : message.failures
  const retryInMs = backoff(tries, retry.firstMs, retry.mostMs, random)
  return { ...failed, retryInMs, counts, messageCode: outcome.code, messageReason: outcome.reason }
}

/** Why it is not tried again, although trying again could help. */
function exhaustion(message: Message, { retry, reason }: Outcome): { code: string; reason: string } | null {
  const { maxAttempts } = message.policies
  if (retry?.counts === 'failure' && message.failures + 1 >= maxAttempts) {
    return { code: 'max-attempts', reason: `Given up after ${maxAttempts} attempts. The last: ${reason}` }
  }
  if (retry?.counts === 'wait' && message.waits + 1 >= MOST_WAITS) {
    const words = `The customer was in an active conversation at each of ${MOST_WAITS} tries. When it has ended, re-trigger the message.`
    return { code: 'active-conversation', reason: words }
  }
  return null
}

function unconfirmedTodo(id: number): string {
  return `Postrider looks for it in Genesys Cloud by itself. Whoever knows better says so: postrider messages settle ${id} --as sent (or not-sent).`
}
