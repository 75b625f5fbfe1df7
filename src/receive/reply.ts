import type { Refused } from './signature/verdict.ts'
import type { Accepted as Wanted } from './sources/preset.ts'

/** What became of one delivery; `answerOf` says how that is told to the sender. */
export type Reply =
  /** On disk now, with its messages; or kept with the reason why it has none. */
  | { kind: 'recorded'; answer?: Wanted }
  /** On disk already, from an earlier delivery of the same events: nothing changed. */
  | { kind: 'known'; answer?: Wanted }
  /** Authentic, without an event: an empty batch. */
  | { kind: 'nothing'; answer?: Wanted }
  /** Unsigned, and only whether somebody is there: nothing is kept. */
  | { kind: 'ping'; answer?: Wanted }
  | Refused
  | { kind: 'unknown-source' }
  | { kind: 'wrong-method' }
  /** `limit`: bytes. */
  | { kind: 'too-large'; limit: number }
  | { kind: 'content-encoding' }
  /** From here on it is ours to mend: the sender is asked to come again. `trouble` is for the log alone. */
  | { kind: 'overloaded' }
  | { kind: 'ledger-unavailable'; trouble: string }
  | { kind: 'fault'; trouble: string }

const ACCEPTED = ['recorded', 'known', 'nothing', 'ping'] as const
export type Accepted = Extract<Reply, { kind: (typeof ACCEPTED)[number] }>
export type NotAccepted = Exclude<Reply, Accepted>

export function isAccepted(reply: Reply): reply is Accepted {
  return (ACCEPTED as readonly string[]).includes(reply.kind)
}

/** A problem (RFC 9457), and the headers that go with it. */
export type Answer = {
  status: number
  title: string
  detail: string
  headers: Readonly<Record<string, string>>
}

/** Seconds: by then a restart is over. Senders that obey it wait anyway; Zendesk comes again only below 60. */
const COME_AGAIN = { 'retry-after': '30' }
const NONE = {}

/** The ladder of answers. Never 4xx for our own fault, never 500 for their input. */
export function answerOf(reply: NotAccepted): Answer {
  switch (reply.kind) {
    case 'refused':
      return { status: 401, title: 'Not authentic', detail: reply.detail, headers: NONE }
    case 'unknown-source':
      return { status: 404, title: 'Unknown source', detail: 'no source of this name', headers: NONE }
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
        detail: `a body has at most ${reply.limit} bytes`,
        headers: NONE,
      }
    case 'content-encoding':
      return {
        status: 415,
        title: 'Content encoding not supported',
        detail: 'send the body as it was signed, without Content-Encoding',
        // RFC 9110, section 15.5.16.
        headers: { 'accept-encoding': 'identity' },
      }
    case 'overloaded':
      return unavailable('too much is waiting; send it again')
    case 'ledger-unavailable':
      return unavailable('nothing can be kept at the moment; send it again')
    case 'fault':
      return unavailable('something failed here; send it again')
  }
}

function unavailable(detail: string): Answer {
  return { status: 503, title: 'Unavailable', detail, headers: COME_AGAIN }
}
