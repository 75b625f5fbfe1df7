import type { Notice, NoticeCause } from '../../ledger/notices.ts'
import type { Trouble } from '../../ledger/overview.ts'
import { redact } from '../../log.ts'
import type { Pause } from '../../message.ts'
import { UNKNOWN_SOURCE } from '../../receive/refusals.ts'
import { type Attention, attentionOf, type Expected } from '../attention.ts'

/** Kinds of attention that somebody is told of (decisions/0021). */
export const TOLD_KINDS = ['pause', 'brake', 'silence', 'refused', 'unconfirmed'] as const

/** A pause that ends when a probe gets through, and such end within seconds where it was a hiccup: it is told once it has lasted this long. */
const HICCUP_MS = 30_000
const HICCUPS: readonly string[] = ['unreachable', 'uncertain'] satisfies Pause['code'][]
/** A source that was accepted this short a time ago is not refused: somebody else posts nonsense at its address between. */
const ACCEPTED_MS = 60_000

/** What somebody is to be told of now. Pure. Nothing of it names a customer; what others wrote passes `redact`. `now`: epoch milliseconds. */
export function noticesOf(options: {
  trouble: Trouble
  pauses: readonly Pause[]
  expected: readonly Expected[]
  now: number
}): NoticeCause[] {
  const { trouble, pauses, now } = options
  const lasting = pauses.filter(({ code, since }) => !HICCUPS.includes(code) || now - since >= HICCUP_MS)
  return attentionOf({ ...options, pauses: lasting })
    .filter((one) => isTold(one, trouble, now))
    .map((one) => ({
      cause: one.cause,
      kind: one.kind,
      since: one.since ?? now,
      data: dataOf(one, trouble.host),
    }))
}

function isTold({ kind, subject: { source } }: Attention, { lastEventAt }: Trouble, now: number): boolean {
  if (!TOLD_KINDS.some((told) => told === kind)) return false
  if (kind !== 'refused' || source === undefined) return true
  // Strangers try addresses that no source has, all the time.
  return source !== UNKNOWN_SOURCE && now - (lastEventAt[source] ?? 0) >= ACCEPTED_MS
}

/** `sendsTo`: the host of Genesys Cloud, or `sandbox`: several services may tell the same receiver. */
function dataOf({ subject, count, what, todo, command }: Attention, host: string | null) {
  return { sendsTo: host, ...subject, count, what: redact(what), todo: redact(todo), command }
}

/** What a receiver is posted. Times are ISO 8601. `timestamp`: when it began or was over; `data.overAt`: null where it began. */
export type Body = { type: string; timestamp: string; data: Readonly<Record<string, unknown>> }

/** The body of a notice, and its `webhook-id`, which is the same at every try. */
export function deliveryOf(notice: Notice): { id: string; body: Body } {
  const { id, what, cause, kind, since, overAt, data } = notice
  const at = what === 'began' ? since : (overAt ?? since)
  return {
    // Another ledger counts from 1 too.
    id: `notice-${id}-${since}-${what}`,
    body: {
      type: `${kind}.${what}`,
      timestamp: isoTime(at),
      data: { cause, since: isoTime(since), overAt: what === 'over' ? isoTime(at) : null, ...data },
    },
  }
}

function isoTime(at: number): string {
  return new Date(at).toISOString()
}

/** What a test posts: the shape of the others, about nothing. `id`: of this test, such as a UUID. `now`: epoch milliseconds. */
export function testDelivery(id: string, now: number): { id: string; body: Body } {
  const data = {
    cause: 'test',
    since: isoTime(now),
    overAt: null,
    sendsTo: null,
    count: null,
    what: 'Postrider can tell you: this is a test, and nothing needs a person.',
    todo: 'nothing is to be done',
    command: null,
  }
  return { id: `notice-test-${id}`, body: { type: 'notify.test', timestamp: isoTime(now), data } }
}
