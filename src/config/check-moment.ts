import { canSayYes } from './check-consent.ts'
import { type Block, blockOf, type WrittenRoute } from './written.ts'

/**
 * Whether what a route says of the right moment can come true. `listened`: the sources that it listens to; `sources`: all of the file. What needs another key that is not there
 * would do nothing, and is a problem.
 */
export function checkMoment(
  { route, problem, warning }: WrittenRoute,
  listened: ReadonlyMap<string, Block>,
  sources: readonly Block[],
): void {
  if (route.once === undefined) {
    if (route.oncePer !== undefined) problem('oncePer', 'needs once, the key that it is counted by')
    if (route.onRepeat === 'replace') {
      problem('onRepeat', 'replace needs once: by its key a newer event is known to be of the same')
    }
  }
  if (route.onCap !== undefined && route.cap === undefined) {
    problem('onCap', 'needs cap: there is no limit that could be reached')
  }
  const { quietHours } = route
  if (typeof quietHours === 'object' && quietHours !== null && blockOf(quietHours).timezone === undefined) {
    const message =
      'no timezone: customers whose own nobody knows (no timezone in the event, no phone of a country with one time) are written to at any hour'
    warning('quietHours', message)
  }
  if (
    route.purpose === 'marketing' &&
    blockOf(route.customer).consent === undefined &&
    ![...listened.values(), ...sources].some(canSayYes)
  ) {
    const message =
      'marketing: nothing here says that a customer agrees, neither customer.consent of the route nor events of any source; all its messages will be skipped'
    warning('purpose', message)
  }
}
