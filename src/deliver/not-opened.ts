import { traceOf } from '../event.ts'
import type { Claim, Opened } from '../ledger/ledger.ts'
import type { Log } from '../log.ts'
import type { Channel } from '../message.ts'

type NotOpened = Exclude<Opened, { kind: 'open' }>

/** Says in the log why a message that was ready to be sent is not sent now; the ledger has written it down. */
export function sayNotOpened(
  { message, event }: Claim['messages'][number],
  channel: Channel,
  opened: NotOpened,
  log: Log,
): void {
  const { id, eventId, source, route } = message
  const ids = { event: eventId, message: id, source, route, channel, ...traceOf(event) }
  log[LEVELS[opened.kind]](`message not sent: ${opened.kind}`, { ...ids, ...whyOf(opened) })
}

/** What ends a message or puts it off is news; a pause was said when it began, and a brake needs a person. */
const LEVELS = {
  lost: 'debug',
  paused: 'debug',
  deferred: 'info',
  skipped: 'info',
  cancelled: 'info',
  braked: 'error',
} as const satisfies Record<NotOpened['kind'], keyof Log>

function whyOf(opened: NotOpened): { code?: string; reason: string } {
  if (opened.kind === 'lost') return { reason: 'the lease was lost' }
  if ('pause' in opened) return { code: opened.pause.code, reason: opened.pause.reason }
  return { ...('code' in opened ? { code: opened.code } : {}), reason: opened.reason }
}
