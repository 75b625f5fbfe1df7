import type { SandboxConversation } from '../conversations.ts'
import type { Body } from '../fields.ts'
import type { Org } from '../org.ts'
import { candidatesOf } from './candidates.ts'
import { detailsOf } from './details.ts'
import { matches } from './match.ts'
import { type Query, readQuery } from './query.ts'

const DAY_MS = 24 * 3_600_000

/**
 * `POST /api/v2/analytics/conversations/details/query`. As its description has it, the conversations that began on a day that the interval touches, so also
 * some that began before it or after; days are taken to be those of UTC. They are found only some time after they began.
 */
export function queryConversationDetails(body: Body, org: Org) {
  const query = readQuery(body)
  const from = Math.floor(query.from / DAY_MS) * DAY_MS
  const to = Math.min(
    Math.ceil(query.to / DAY_MS) * DAY_MS,
    org.clock.now() - org.settings.analyticsLagMs + 1,
  )
  const found = [...candidatesOf(org, query)]
    .filter(({ startedAt }) => startedAt >= from && startedAt < to)
    .filter((conversation) => matches(org, detailsOf(org, conversation), query))
  const start = (query.pageNumber - 1) * query.pageSize
  const page = inOrder(found, query).slice(start, start + query.pageSize)
  const conversations = page.map((conversation) => detailsOf(org, conversation))
  return { ...(conversations.length === 0 ? {} : { conversations }), totalHits: found.length }
}

/** A segment is as long as its conversation here. One that is not over ends last. */
function inOrder(found: readonly SandboxConversation[], { order, orderBy }: Query): SandboxConversation[] {
  const keyOf = ({ startedAt, endedAt }: SandboxConversation) =>
    orderBy === 'conversationStart' || orderBy === 'segmentStart' ? startedAt : (endedAt ?? Infinity)
  if (order === 'unordered') return [...found]
  const rising = found.toSorted((a, b) => compare(keyOf(a), keyOf(b)))
  return order === 'asc' ? rising : rising.reverse()
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}
