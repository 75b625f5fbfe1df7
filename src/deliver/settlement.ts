import type { Answer, Sent } from '../genesys/genesys.ts'
import type { Settlement } from '../ledger/ledger.ts'
import type { Message } from '../message.ts'
import { backoff, type Random } from './backoff.ts'
import type { Target } from './find.ts'
import { outcomeOf } from './outcomes.ts'

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
    return { ...written, outcome: 'sent', conversationId, genesysMessageId: messageId }
  }
  if (outcome.certainty === 'unknown') {
    const messageReason = `${outcome.reason} ${unconfirmedTodo(message.id)}`
    return { ...written, outcome: 'unconfirmed', messageCode: outcome.code, messageReason }
  }
  // A contact that was known from memory may have been merged or deleted since: look it up anew, once.
  if (outcome.code === 'not-found' && target.channel === 'webmessaging' && target.cached) {
    const messageReason =
      'Genesys Cloud no longer knows the contact that was found earlier; it is looked up anew.'
    return {
      ...written,
      outcome: 'failed',
      retryInMs: 0,
      counts: true,
      messageCode: 'not-found',
      messageReason,
    }
  }
  const { retry } = outcome
  const last = retry?.counts === true && message.failures + 1 >= message.policies.maxAttempts
  return {
    ...written,
    outcome: 'failed',
    retryInMs: retry && !last ? backoff(message.failures, retry.firstMs, retry.mostMs, random) : null,
    counts: retry?.counts ?? true,
    messageCode: last ? 'max-attempts' : outcome.code,
    messageReason: last
      ? `Given up after ${message.policies.maxAttempts} attempts. The last: ${outcome.reason}`
      : outcome.reason,
  }
}

function unconfirmedTodo(id: number): string {
  return `Look at the customer’s conversation in Genesys Cloud, then say what you found: postrider messages settle ${id} --as sent (or not-sent).`
}
