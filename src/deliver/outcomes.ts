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
  /** Certainly not sent: whether it is tried again (null: no, the message is `failed`) and what that spends: one of `maxAttempts`, one of the waits, nothing. */
  retry: { firstMs: number; mostMs: number; counts: 'failure' | 'wait' | 'nothing' } | null
  /** Why the whole sender has to stop, if it has to. */
  pause: { code: ProbedPauseCode | 'rate-limited'; reason: string } | null
  /** It is this destination that will never take it: another channel may. */
  destination: boolean
  /** The recipient asked not to be written to over this channel. */
  optedOut: boolean
}

export type Row = {
  /** What came back, as the documentation names it. */
  answer: string
  /** The first row that matches is the one. */
  when: (answer: NotOk) => boolean
  certainty: 'not-sent' | 'unknown'
  code: string
  says: (answer: NotOk) => string
  retry?: Outcome['retry']
  pause?: (answer: NotOk) => NonNullable<Outcome['pause']>
  destination?: true
}

type NotOk = Exclude<Answer<unknown>, { kind: 'ok' }>
type Refused = Extract<NotOk, { kind: 'refused' }>

const status =
  (...wanted: number[]) =>
  (answer: NotOk) =>
    answer.kind === 'refused' && wanted.includes(answer.status)

/** The sender stops and probes, so the message itself is due again at once and loses none of its tries. */
const WHEN_RESUMED = { firstMs: 1_000, mostMs: 1_000, counts: 'nothing' } as const
/** What passes by itself, in the time that a conversation takes to end. */
const LATER = { firstMs: 60_000, mostMs: 15 * 60_000, counts: 'wait' } as const

/** Every answer there is, in order: what it means is said here and nowhere else; docs/outcomes.md is made of it. */
export const TABLE: readonly Row[] = [
  {
    answer: 'no connection: refused, DNS, TLS, no route',
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
    answer: 'login answered 429',
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
    answer: 'login not answered, or 5xx',
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
    answer: 'login refused (4xx)',
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
    answer: 'no usable answer: time-out, reset, cut off, not JSON',
    when: (answer) => answer.kind === 'uncertain',
    certainty: 'unknown',
    code: 'no-answer',
    says: (answer) =>
      `The request left, and no usable answer came back (${codeOf(answer)}). Genesys Cloud may have sent the message.`,
  },
  {
    answer: '429',
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
    answer: '401, also with a new token',
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
    answer: '403 that names a missing permission',
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
    answer: '403 of another kind',
    when: status(403),
    certainty: 'not-sent',
    code: 'forbidden',
    says: (answer) => `Genesys Cloud does not allow this message (403 ${codeOf(answer)}: ${answer.message}).`,
  },
  {
    answer: '409, or a 400 that speaks of an active conversation',
    when: (answer) =>
      status(409)(answer) || (status(400)(answer) && /active conversation/i.test(answer.message)),
    certainty: 'not-sent',
    code: 'active-conversation',
    says: () => 'The customer is in an active conversation; the message waits for its end.',
    retry: LATER,
  },
  {
    // Only as a page of HTML: a refusal of one message by a firewall on the way must not stop all others.
    answer: '404 as a page of HTML',
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
    answer: '400 or 422 about the destination, or a recipient who opted out',
    when: (answer) => status(400, 422)(answer) && isAboutDestination(answer as Refused),
    certainty: 'not-sent',
    code: 'destination-rejected',
    says: (answer) =>
      `Genesys Cloud does not write to this destination (${statusOf(answer)} ${codeOf(answer)}: ${answer.message}); nothing was sent.`,
    destination: true,
  },
  {
    answer: '404 about the deployment, the integration or the response',
    when: (answer) => status(404)(answer) && isAboutSender(answer as Refused),
    certainty: 'not-sent',
    code: 'not-found',
    says: (answer) =>
      `Genesys Cloud does not know what the message was to be sent from or with (404 ${codeOf(answer)}: ${answer.message}). Check the deployment, integration or response that the configuration names: postrider doctor. Then re-trigger.`,
  },
  {
    answer: '404',
    when: status(404),
    certainty: 'not-sent',
    code: 'not-found',
    says: (answer) =>
      `Genesys Cloud does not know whom the message was for (404 ${codeOf(answer)}: ${answer.message}); nothing was sent.`,
    destination: true,
  },
  {
    answer: '408',
    when: status(408),
    certainty: 'unknown',
    code: 'no-answer',
    says: () => 'Genesys Cloud gave up waiting (408). It may have sent the message.',
  },
  {
    answer: '5xx',
    when: (answer) => answer.kind === 'refused' && answer.status >= 500,
    certainty: 'unknown',
    code: 'server-error',
    says: (answer) =>
      `Genesys Cloud failed while it had the request (${statusOf(answer)} ${codeOf(answer)}). It may have sent the message.`,
  },
  {
    answer: '3xx',
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
    answer: '400, 413, 415, 422 and any other 4xx',
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
    const reason = 'Accepted by Genesys Cloud.'
    return {
      certainty: 'sent',
      code: 'sent',
      reason,
      retry: null,
      pause: null,
      destination: false,
      optedOut: false,
    }
  }
  const row = TABLE.find((candidate) => candidate.when(answer))
  if (!row) throw new Error('the last row of the table matches every answer')
  return {
    certainty: row.certainty,
    code: row.code,
    reason: row.says(answer),
    retry: row.retry ?? null,
    pause: row.pause?.(answer) ?? null,
    destination: row.destination ?? false,
    optedOut: row.certainty === 'not-sent' && answer.kind === 'refused' && saysOptedOut(answer),
  }
}

/** Genesys' code of it in refusals and receipts, and the words that are assumed for the same. */
const OPTED_OUT = /\bRecipientOptedOut\b|\bopted[ -]out\b/i

export function isOptOut(words: string): boolean {
  return OPTED_OUT.test(words)
}

function saysOptedOut({ fields, code, message }: Refused): boolean {
  return !fields.some((field) => SENDER_FIELDS.test(field)) && isOptOut(`${code} ${message}`)
}

/** Fields that say who a message goes to. */
const DESTINATION_FIELDS = /^(?:toAddress|toAddresses|externalContactId)\b/
/** A code of receipts. */
const DESTINATION_WORDS = /InvalidDestination/i

function isAboutDestination(answer: Refused): boolean {
  const { fields, code, message } = answer
  if (fields.some((field) => SENDER_FIELDS.test(field))) return false
  return (
    fields.some((field) => DESTINATION_FIELDS.test(field)) ||
    saysOptedOut(answer) ||
    DESTINATION_WORDS.test(`${code} ${message}`)
  )
}

const SENDER_FIELDS = /^(?:fromAddress|messagingTemplate)\b/
const SENDER_WORDS =
  /deployment|integration|responseid|canned response|sender|fromAddress|domain|provisioned/i

/** What is wrong for everybody must not send everybody over their next channel. */
function isAboutSender({ fields, code, message }: Refused): boolean {
  return fields.some((field) => SENDER_FIELDS.test(field)) || SENDER_WORDS.test(`${code} ${message}`)
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
