import type { Answer } from '../genesys/genesys.ts'
import type { ProbedPauseCode } from '../message.ts'

/**
 * What an answer of Genesys to a send means, by three questions: was the message sent, is it worth trying again, and must the sender stop?
 * `certainty` is the one that duplicates hang on: Genesys has no idempotency key, so `unknown` is never tried again by itself.
 */
export type Outcome = {
  certainty: 'sent' | 'not-sent' | 'unknown'
  /** The name that the message's `code` and the log line have. */
  code: string
  /** What an operator reads. */
  reason: string
  /** Certainly not sent: whether it is tried again (null: no, the message is `failed`) and whether that spends one of `maxAttempts`. */
  retry: { firstMs: number; mostMs: number; counts: boolean } | null
  /** Why the whole sender has to stop, if it has to. */
  pause: { code: ProbedPauseCode | 'rate-limited'; reason: string } | null
}

type Row = {
  /** The first row that matches is the one. */
  when: (answer: NotOk) => boolean
  certainty: 'not-sent' | 'unknown'
  code: string
  says: (answer: NotOk) => string
  retry?: Outcome['retry']
  pause?: (answer: NotOk) => NonNullable<Outcome['pause']>
}

type NotOk = Exclude<Answer<unknown>, { kind: 'ok' }>
type Refused = Extract<NotOk, { kind: 'refused' }>

const status =
  (...wanted: number[]) =>
  (answer: NotOk) =>
    answer.kind === 'refused' && wanted.includes(answer.status)

/** The sender stops and probes, so the message itself is due again at once and loses none of its tries. */
const WHEN_RESUMED = { firstMs: 1_000, mostMs: 1_000, counts: false }
/** What passes by itself, in the time that a conversation takes to end. */
const LATER = { firstMs: 60_000, mostMs: 15 * 60_000, counts: true }

const TABLE: readonly Row[] = [
  {
    when: (answer) => answer.kind === 'unreached',
    certainty: 'not-sent',
    code: 'unreachable',
    says: (answer) => `Genesys Cloud could not be reached (${codeOf(answer)}); nothing was sent.`,
    retry: WHEN_RESUMED,
    pause: (answer) => ({
      code: 'unreachable',
      reason: `Genesys Cloud cannot be reached (${codeOf(answer)}: ${answer.message}). Check the network and GENESYS_REGION; sending resumes by itself.`,
    }),
  },
  {
    when: (answer) => answer.kind === 'no-token' && answer.status === 429,
    certainty: 'not-sent',
    code: 'rate-limited',
    says: () => 'The login of Genesys Cloud asked for a slower pace (429); nothing was sent.',
    retry: WHEN_RESUMED,
    pause: () => ({
      code: 'rate-limited',
      reason:
        'The login of Genesys Cloud asks for a slower pace (429). Give Postrider an OAuth client of its own.',
    }),
  },
  {
    when: (answer) => answer.kind === 'no-token' && !isRefusedLogin(answer.status),
    certainty: 'not-sent',
    code: 'unreachable',
    says: (answer) => `The login of Genesys Cloud did not answer (${codeOf(answer)}); nothing was sent.`,
    retry: WHEN_RESUMED,
    pause: (answer) => ({
      code: 'unreachable',
      reason: `The login of Genesys Cloud does not answer (${codeOf(answer)}: ${answer.message}). Sending resumes by itself.`,
    }),
  },
  {
    when: (answer) => answer.kind === 'no-token',
    certainty: 'not-sent',
    code: 'login',
    says: (answer) => `Genesys Cloud refused the login (${codeOf(answer)}); nothing was sent.`,
    retry: WHEN_RESUMED,
    pause: (answer) => ({
      code: 'login',
      reason: `Genesys Cloud refuses the login (${codeOf(answer)}: ${answer.message}). Check GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET, and that GENESYS_REGION is the org's; then restart Postrider.`,
    }),
  },
  {
    when: (answer) => answer.kind === 'uncertain',
    certainty: 'unknown',
    code: 'no-answer',
    says: (answer) =>
      `The request left, and no usable answer came back (${codeOf(answer)}). Genesys Cloud may have sent the message.`,
  },
  {
    when: status(429),
    certainty: 'not-sent',
    code: 'rate-limited',
    says: () => 'Genesys Cloud asked for a slower pace (429); nothing was sent.',
    retry: WHEN_RESUMED,
    pause: () => ({
      code: 'rate-limited',
      reason:
        'Genesys Cloud asks for a slower pace (429). Where this repeats, lower genesys.rateLimitPerMinute or give Postrider an OAuth client of its own.',
    }),
  },
  {
    when: status(401),
    certainty: 'not-sent',
    code: 'login',
    says: () => 'Genesys Cloud refused a token that it had just issued (401); nothing was sent.',
    retry: WHEN_RESUMED,
    pause: () => ({
      code: 'login',
      reason:
        'Genesys Cloud refuses tokens that it has just issued (401). Check that the OAuth client is active and GENESYS_REGION is the org’s; sending resumes by itself.',
    }),
  },
  {
    when: (answer) => status(403)(answer) && isMissingPermission(answer as Refused),
    certainty: 'not-sent',
    code: 'permissions',
    says: (answer) => `The OAuth client lacks a permission: ${permissionsOf(answer)}; nothing was sent.`,
    retry: WHEN_RESUMED,
    pause: (answer) => ({
      code: 'permissions',
      reason: `The OAuth client lacks a permission in Genesys Cloud: ${permissionsOf(answer)}. Add it to a role of the client, in the right division; sending resumes by itself.`,
    }),
  },
  {
    when: status(403),
    certainty: 'not-sent',
    code: 'forbidden',
    says: (answer) => `Genesys Cloud does not allow this message (403 ${codeOf(answer)}: ${answer.message}).`,
  },
  {
    // Only as a page of HTML: a refusal of one message by a firewall on the way must not stop all others.
    when: (answer) => status(404)(answer) && answer.code === 'NOT_JSON',
    certainty: 'not-sent',
    code: 'unreachable',
    says: () => 'Not Genesys Cloud but something else answered (404, a page of HTML); nothing was sent.',
    retry: WHEN_RESUMED,
    pause: () => ({
      code: 'unreachable',
      reason:
        'Where Genesys Cloud should answer, something else does (404, a page of HTML). Check GENESYS_REGION or GENESYS_GATEWAY_URL; sending resumes by itself.',
    }),
  },
  {
    when: status(404),
    certainty: 'not-sent',
    code: 'not-found',
    says: (answer) =>
      `Genesys Cloud does not know the contact or the deployment (404 ${codeOf(answer)}: ${answer.message}). Check genesys.webmessaging.deploymentId, then re-trigger.`,
  },
  {
    when: status(408),
    certainty: 'unknown',
    code: 'no-answer',
    says: () => 'Genesys Cloud gave up waiting (408). It may have sent the message.',
  },
  {
    when: status(409),
    certainty: 'not-sent',
    code: 'active-conversation',
    says: () => 'The customer is in an active conversation (409); the message waits for its end.',
    retry: LATER,
  },
  {
    when: (answer) => answer.kind === 'refused' && answer.status >= 500,
    certainty: 'unknown',
    code: 'server-error',
    says: (answer) =>
      `Genesys Cloud failed while it had the request (${statusOf(answer)} ${codeOf(answer)}). It may have sent the message.`,
  },
  {
    when: (answer) => answer.kind === 'refused' && answer.status >= 300 && answer.status < 400,
    certainty: 'not-sent',
    code: 'redirected',
    says: (answer) => `Genesys Cloud answered with a redirect (${statusOf(answer)}); nothing was sent.`,
    retry: WHEN_RESUMED,
    pause: (answer) => ({
      code: 'unreachable',
      reason: `Where Genesys Cloud should answer, something redirects (${statusOf(answer)}). Check GENESYS_REGION or GENESYS_GATEWAY_URL; sending resumes by itself.`,
    }),
  },
  {
    when: () => true,
    certainty: 'not-sent',
    code: 'rejected',
    says: (answer) =>
      `Genesys Cloud rejected the message (${statusOf(answer)} ${codeOf(answer)}: ${answer.message}). Mend the cause, then re-trigger.`,
  },
]

/** What the answer to a send means; total, and the only place that says so. */
export function outcomeOf(answer: Answer<unknown>): Outcome {
  if (answer.kind === 'ok') {
    return { certainty: 'sent', code: 'sent', reason: 'Accepted by Genesys Cloud.', retry: null, pause: null }
  }
  const row = TABLE.find((candidate) => candidate.when(answer))
  if (!row) throw new Error('the last row of the table matches every answer')
  return {
    certainty: row.certainty,
    code: row.code,
    reason: row.says(answer),
    retry: row.retry ?? null,
    pause: row.pause?.(answer) ?? null,
  }
}

function isRefusedLogin(status: number | null): boolean {
  return status !== null && status >= 400 && status < 500
}

function isMissingPermission(answer: Refused): boolean {
  return (
    answer.code === 'missing.permissions' ||
    answer.code === 'missing.any.permissions' ||
    answer.missingPermissions.length > 0
  )
}

function permissionsOf(answer: NotOk): string {
  const missing = answer.kind === 'refused' ? answer.missingPermissions : []
  return missing.length > 0 ? missing.join(', ') : answer.message
}

function codeOf(answer: NotOk): string {
  return answer.code ?? (answer.kind === 'no-token' ? String(answer.status ?? 'no answer') : 'no code')
}

function statusOf(answer: NotOk): string {
  return answer.kind === 'refused' ? String(answer.status) : answer.kind
}
