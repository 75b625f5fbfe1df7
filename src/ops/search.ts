import { CLI_SOURCE } from '../event.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Hit } from '../ledger/pages.ts'
import { IDENTIFIERS } from '../message.ts'
import type { Role } from '../operator.ts'
import { allows } from './access/allows.ts'

const OF_CUSTOMERS: readonly string[] = IDENTIFIERS

/** What has this id, as far as `role` may know of it; newest first, fifty at most. */
export async function searchFor(
  { reads }: Pick<Ledger, 'reads'>,
  text: string,
  role: Role,
): Promise<readonly Hit[]> {
  const hits = await reads.search(text)
  if (allows(role, 'read.unmasked')) return hits
  // Whether there is anything of somebody is what masks hide. Of what `postrider send` planned the key has the customer in it.
  const byKey = hits.filter(({ by }) => by === 'event-key').map(({ id }) => id)
  const byHand = (await reads.eventsById(byKey)).filter(({ source }) => source === CLI_SOURCE)
  const hidden = new Set(byHand.map(({ id }) => id))
  return hits.filter(({ id, by }) => !OF_CUSTOMERS.includes(by) && !(by === 'event-key' && hidden.has(id)))
}
