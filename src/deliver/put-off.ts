import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { traceOf } from '../event.ts'
import type { Claim, Ledger } from '../ledger/ledger.ts'
import type { Log } from '../log.ts'
import { afterQuietHours, quietReason } from '../quiet-hours.ts'

type Deps = { ledger: Pick<Ledger, 'postpone'>; config: Config; clock: Pick<Clock, 'now'>; log: Log }

/**
 * Gives a message back until it is not quiet any more where its customer is. By now, and not by when it was planned: it may have waited for Genesys, or
 * for its turn, until late. An operator who sends it by hand knows what time it is. True: it must not be sent now.
 */
export async function putOffByQuiet(
  { lease, message, event }: Claim['messages'][number],
  deps: Deps,
): Promise<boolean> {
  const { quietHours } = message.policies
  if (quietHours === null || message.manualBy !== null) return false
  const now = deps.clock.now()
  const { at, zone } = afterQuietHours(now, quietHours, message.customer, deps.config.genesys.defaultCountry)
  if (at === now || zone === null) return false
  const reason = quietReason(zone)
  if (await deps.ledger.postpone(lease, { inMs: at - now, code: 'quiet-hours', reason })) {
    const { id, eventId, source, route } = message
    const ids = { event: eventId, message: id, source, route, ...traceOf(event) }
    deps.log.info('message waits for the end of quiet hours', { ...ids, code: 'quiet-hours', ms: at - now })
  }
  return true
}
