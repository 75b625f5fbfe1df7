import type { Config } from '../config/config.ts'
import { consentOf } from '../consent.ts'
import type { ReadEvent } from '../event.ts'
import type { Plan } from '../ledger/ledger.ts'
import { namesOf } from '../names.ts'
import { isMeant } from './cancel.ts'
import { spaceOf } from './space.ts'
import { isOnlyTest } from './test-event.ts'

/** What the customer whom an event names wants, as far as it says. A test says nothing about anybody. */
export function saidOfCustomer(
  event: ReadEvent,
  { sources, genesys, suppressOn }: Pick<Config, 'sources' | 'genesys' | 'suppressOn'>,
): Pick<Plan, 'names' | 'consent' | 'suppress'> {
  const space = spaceOf(sources.get(event.source), false, { genesys })
  const isTest = isOnlyTest(event, { sources })
  const meant = suppressOn.filter(({ on }) => on.some((pattern) => isMeant(pattern, event)))
  // One entry without channels stands for all of them.
  const channels = meant.some((one) => one.channels === null)
    ? null
    : [...new Set(meant.flatMap((one) => one.channels ?? []))]
  return {
    names: namesOf(event.customer, space, genesys.defaultCountry),
    consent: isTest ? null : consentIn(event),
    suppress: meant.length === 0 || isTest ? null : { channels },
  }
}

/** Whether the customer agrees to marketing. */
function consentIn({ type, customer }: Pick<ReadEvent, 'type' | 'customer'>): boolean | null {
  if (type === 'customer.consent_withdrawn' || type === 'customer.erased') return false
  if (type === 'customer.consent_given') return true
  return consentOf(customer.consent)
}

/** What `suppressOn` came to, for the event's page; null where it says nothing of this event. */
export function suppressionWords({ names, suppress }: Pick<Plan, 'names' | 'suppress'>): string | null {
  if (suppress === null) return null
  const over = suppress.channels === null ? '' : ` over ${suppress.channels.join(', ')}`
  return names.length === 0
    ? `suppressOn: the event names no customer, so that nobody is kept from messages${over}. Find out who is meant, then: postrider suppress add`
    : `suppressOn: its customer is not written to any more${over}`
}
