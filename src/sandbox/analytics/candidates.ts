import type { SandboxConversation } from '../conversations.ts'
import type { Org } from '../org.ts'
import type { Filter, Predicate, Query } from './query.ts'

/**
 * The conversations that may match, by the contacts, addresses and ids that the filters name, so that a query about one customer looks at theirs alone. A
 * query that names nobody looks at all.
 */
export function candidatesOf(org: Org, query: Query): Iterable<SandboxConversation> {
  const sets = [...query.segmentFilters, ...query.conversationFilters]
    .flatMap((filter) => setsOf(org, filter))
    .sort((a, b) => a.size - b.size)
  return sets[0] ?? org.conversations.byId.values()
}

/** Sets of which each holds all that the filter can be true of. */
function setsOf(org: Org, { type, predicates, clauses }: Filter): ReadonlySet<SandboxConversation>[] {
  const named = predicates.map((predicate) => namedBy(org, predicate))
  const known = named.filter((set) => set !== null)
  if (type === 'and') return known
  // Of an alternative that names nobody anything may be true.
  const all = clauses.length === 0 && known.length === named.length
  return all ? [new Set(known.flatMap((set) => [...set]))] : []
}

const NOBODY: ReadonlySet<SandboxConversation> = new Set()

function namedBy(
  { conversations, directory }: Org,
  { dimension, operator, value }: Predicate,
): ReadonlySet<SandboxConversation> | null {
  if (operator !== 'matches' || value === null) return null
  const ofParty = (party: string) => conversations.byParty.get(party) ?? NOBODY
  switch (dimension) {
    case 'externalContactId':
    case 'addressFrom':
    case 'addressTo':
      return ofParty(value)
    case 'canonicalExternalContactId':
      return new Set(directory.mergeSetOf(value).flatMap((id) => [...ofParty(id)]))
    case 'conversationId': {
      const conversation = conversations.byId.get(value)
      return conversation ? new Set([conversation]) : NOBODY
    }
    default:
      return null
  }
}
