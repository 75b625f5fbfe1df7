import type { SignatureRefusal } from './signature/verdict.ts'

/** What became of one delivery; `ANSWERS` says how each is answered. */
export type Reply =
  /** On disk now, with its messages; or kept with the reason why it has none. */
  | { kind: 'recorded' }
  /** On disk already, from an earlier delivery of the same event: nothing changed. */
  | { kind: 'known' }
  | { kind: 'refused'; reason: SignatureRefusal; detail: string }
  | { kind: 'unknown-source' }
  | { kind: 'wrong-method' }
  | { kind: 'too-large'; limit: number }
  | { kind: 'content-encoding' }
  /** Ours to mend: the sender is asked to come again. */
  | { kind: 'overloaded' }
  | { kind: 'ledger-unavailable' }
  | { kind: 'fault' }

/** How a reply looks on the wire: a status, headers, and a problem (RFC 9457) for all but success. */
export type Answer = {
  status: number
  title: string
  detail: string
  headers: Readonly<Record<string, string>>
}

/** Senders of webhooks wait at least this long before they come again anyway; the ledger is back, or restarted, by then. */
const RETRY_AFTER = { 'retry-after': '30' }
const NONE = {}

/** The ladder of answers. Never 4xx for our own fault, never 5xx for their input. */
export function answerOf(reply: Exclude<Reply, Accepted>): Answer {
  switch (reply.kind) {
    case 'refused':
      return { status: 401, title: 'Not authentic', detail: reply.detail, headers: NONE }
    case 'unknown-source':
      return {
        status: 404,
        title: 'Unknown source',
        detail: 'no source of this name is configured',
        headers: NONE,
      }
    case 'wrong-method':
      return {
        status: 405,
        title: 'Wrong method',
        detail: 'webhooks come by POST',
        headers: { allow: 'POST' },
      }
    case 'too-large':
      return {
        status: 413,
        title: 'Too large',
        detail: `a body may have ${reply.limit} bytes`,
        headers: NONE,
      }
    case 'content-encoding':
      return {
        status: 415,
        title: 'Content encoding not supported',
        detail: 'send the body as it was signed, without Content-Encoding',
        headers: { 'accept-encoding': 'identity' },
      }
    case 'overloaded':
      return {
        status: 503,
        title: 'Busy',
        detail: 'too much is waiting; send it again',
        headers: RETRY_AFTER,
      }
    case 'ledger-unavailable':
      return {
        status: 503,
        title: 'Unavailable',
        detail: 'nothing can be kept right now; send it again',
        headers: RETRY_AFTER,
      }
    case 'fault':
      return {
        status: 503,
        title: 'Unavailable',
        detail: 'something failed here; send it again',
        headers: RETRY_AFTER,
      }
  }
}

export type Accepted = Extract<Reply, { kind: 'recorded' | 'known' }>

export function isAccepted(reply: Reply): reply is Accepted {
  return reply.kind === 'recorded' || reply.kind === 'known'
}
