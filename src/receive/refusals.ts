import type { Clock } from '../clock.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../log.ts'
import type { Counts } from '../metrics.ts'
import type { Delivery } from './receive.ts'
import { answerOf, type NotAccepted } from './reply.ts'
import { headersToKeep } from './signature/headers.ts'

/** Stands for every name that is no source's: a stranger must make no rows in the ledger and no words in the log. */
export const UNKNOWN_SOURCE = '(unknown)'

/** A line a minute tells an operator as much as a thousand, and a flood must not fill the disk. */
const QUIET_MS = 60_000

/** Notes a delivery that was not accepted, under its source's name or UNKNOWN_SOURCE. `delivery`: null where it was not read. */
export type NoteRefusal = (source: string, reply: NotAccepted, delivery: Delivery | null) => void

/**
 * Counts refusals in the ledger by source and reason, and logs the first of each source and reason, then one a minute with how many it
 * stands for. What was refused for its signature is kept too: it may be our secret that is wrong, and not the sender's.
 */
export function createRefusals(deps: {
  ledger: Pick<Ledger, 'countRefused' | 'keepRefused'>
  clock: Clock
  log: Log
  counts?: Pick<Counts, 'refused'>
}): NoteRefusal {
  const { ledger, clock, log, counts } = deps
  // As many entries as there are sources times reasons.
  const said = new Map<string, { at: number; since: number }>()
  return (source, reply, delivery) => {
    const code = reply.kind === 'refused' ? reply.reason : reply.kind
    ledger.countRefused(source, code)
    counts?.refused(source, code)
    if (reply.kind === 'refused' && delivery !== null) {
      ledger.keepRefused({ ...delivery, rawHeaders: headersToKeep(delivery.rawHeaders), reason: code })
    }

    const last = said.get(`${source} ${code}`)
    if (last && clock.now() - last.at < QUIET_MS) {
      last.since += 1
      return
    }
    said.set(`${source} ${code}`, { at: clock.now(), since: 0 })
    const { status, detail } = answerOf(reply)
    const fields = { source, code, status, reason: detail, count: 1 + (last?.since ?? 0) }
    if ('trouble' in reply) log.error('delivery turned away', { ...fields, error: reply.trouble })
    else log.warn('delivery refused', fields)
  }
}
