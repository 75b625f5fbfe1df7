import type { Notice, NoticeCause } from '../../ledger/notices.ts'
import type { Trouble } from '../../ledger/overview.ts'
import type { Pause } from '../../message.ts'
import { withoutAddresses } from '../../private.ts'
import { UNKNOWN_SOURCE } from '../../receive/refusals.ts'
import { redact } from '../../redact.ts'
import { type Attention, attentionOf, type Expected, SOON_MS } from '../attention.ts'
import { isOutage } from '../pause-cause.ts'

/** Kinds of attention that somebody is told of (decisions/0021). */
export const TOLD_KINDS = ['pause', 'brake', 'silence', 'refused', 'unconfirmed'] as const

/** A pause that ends when a probe gets through, and such end within seconds where it was a hiccup: it is told once it has lasted this long. */
const HICCUP_MS = 30_000

/** What somebody is to be told of now, each cause once. Pure. Nothing of it names a customer; what others wrote passes `withoutAddresses`. `now`: epoch milliseconds. */
export function noticesOf(options: {
  trouble: Trouble
  pauses: readonly Pause[]
  expected: readonly Expected[]
  now: number
}): NoticeCause[] {
  const { trouble, pauses, expected, now } = options
  const lasting = pauses
    .filter(({ code, since }) => !isOutage({ code }) || now - since >= HICCUP_MS)
    .map((pause) => ({ ...pause, until: untilOf(pause, now), reason: withoutAddresses(pause.reason) }))
  // What is due and not sent, and who is at work, is told to nobody, so it is not looked at either.
  const nobodys = { backlog: [], instances: [] }
  const attention = attentionOf({ trouble, pauses: lasting, expected, serviceRuns: true, now, ...nobodys })
  const causes = attention.filter(isTold).map((one): [string, NoticeCause] => {
    const { cause, kind, since } = one
    return [cause, { cause, kind, since: since ?? now, data: dataOf(one, trouble.host) }]
  })
  return [...new Map(causes).values()]
}

/** One to which an operator gave an end needs nobody, but it stands: that it is over is told when it is, or will be soon. */
function untilOf({ code, until }: Pause, now: number): number | null {
  return code === 'operator' && until !== null && until - now > SOON_MS ? null : until
}

function isTold({ kind, subject: { source } }: Attention): boolean {
  // Strangers try addresses that no source has, all the time.
  return TOLD_KINDS.some((told) => told === kind) && source !== UNKNOWN_SOURCE
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
