import { formatDuration, parseDuration } from './duration.ts'
import { quietHours } from './quiet-hours.ts'
import { DEFAULT_EXPIRE_AFTER_MS } from './schema.ts'
import { blockOf, type WrittenRoute } from './written.ts'

const DAY_MINUTES = 24 * 60

/** Warns of times of a route that get in each other's way: each is right alone, and together they drop or repeat messages. What is not set here is not looked at. */
export function checkTimes({ route, warning, isUnset }: WrittenRoute): void {
  const { expireAfter } = route
  const expireMs = expireAfter === undefined ? DEFAULT_EXPIRE_AFTER_MS : msOf(expireAfter)
  const lasts = isUnset('expireAfter') || expireMs === null ? null : expireMs
  const expiry = lasts === null ? '' : `expireAfter (${formatDuration(lasts)})`

  const [oncePer, delay] = [msOf(route.oncePer), msOf(route.delay)]
  if (oncePer !== null && delay !== null && oncePer < delay) {
    warning(
      'oncePer',
      `is shorter than delay (${formatDuration(delay)}): its key is free again before the message is sent, and the next event makes another; make it longer`,
    )
  }

  const per = msOf(blockOf(route.cap).per)
  if (route.onCap === 'defer' && lasts !== null && per !== null && per > lasts) {
    warning(
      'onCap',
      `defer: there may be no room for as long as cap.per (${formatDuration(per)}), and ${expiry} is shorter: what is above the cap is mostly skipped; make expireAfter longer`,
    )
  }

  const quiet = quietHours.safeParse(route.quietHours)
  if (lasts !== null && quiet.success && quiet.data !== 'none') {
    const { fromMinute, toMinute } = quiet.data
    const quietMs = ((toMinute - fromMinute + DAY_MINUTES) % DAY_MINUTES) * 60_000
    if (quietMs > lasts) {
      warning(
        'quietHours',
        `it is quiet for longer (${formatDuration(quietMs)}) than ${expiry}: what is due when it begins has expired when it ends; make expireAfter longer`,
      )
    }
  }
}

/** Null where it is none, such as a variable that is not set; the form says so itself. */
function msOf(value: unknown): number | null {
  return typeof value === 'string' ? parseDuration(value) : null
}
