import type { Org } from '../org.ts'
import type { Details } from './details.ts'
import type { Filter, Predicate, Query } from './query.ts'

/** What a dimension's value is where somebody looks; undefined: there is none. */
type ValueOf = (dimension: string) => unknown

/**
 * Whether all filters are true of a conversation. Those of segments are each asked of one segment with its session and its participant, so the
 * predicates of one filter have to meet in the same; two filters may be true of different ones.
 */
export function matches(org: Org, details: Details, query: Query): boolean {
  const segments = segmentsOf(org, details)
  return (
    query.conversationFilters.every((filter) => isTrue(filter, (name) => details[name])) &&
    query.segmentFilters.every((filter) => segments.some((segment) => isTrue(filter, segment)))
  )
}

function segmentsOf(org: Org, { participants }: Details): ValueOf[] {
  return participants.flatMap((participant) => {
    const { externalContactId } = participant
    const canonicalExternalContactId =
      typeof externalContactId === 'string' ? org.directory.canonicalOf(externalContactId) : undefined
    return participant.sessions.flatMap((session) =>
      session.segments.map((segment): ValueOf => {
        const values: Readonly<Record<string, unknown>> = {
          ...segment,
          ...session,
          ...participant,
          canonicalExternalContactId,
        }
        return (name) => values[name]
      }),
    )
  })
}

function isTrue({ type, predicates, clauses }: Filter, read: ValueOf): boolean {
  const parts = [
    ...predicates.map((predicate) => () => holds(predicate, read(predicate.dimension))),
    ...clauses.map((clause) => () => isTrue(clause, read)),
  ]
  return type === 'and' ? parts.every((part) => part()) : parts.some((part) => part())
}

function holds({ operator, value }: Predicate, is: unknown): boolean {
  if (operator === 'matches') return is !== undefined && String(is) === value
  return (is !== undefined) === (operator === 'exists')
}
