import type { ConversationQuery } from './genesys.ts'

/**
 * The body of a query for conversations (schema ConversationQuery), newest first; null where it names neither a contact nor an address: it would ask
 * for everybody's.
 */
export function conversationsBody({
  of,
  mediaType,
  messageType,
  from,
  to,
  page,
  pageSize,
}: ConversationQuery) {
  const whose =
    'contactIds' in of
      ? of.contactIds.map((id) => named('externalContactId', id))
      : of.addresses.flatMap((address) => [named('addressTo', address), named('addressFrom', address)])
  if (whose.length === 0) return null
  const what = [
    { dimension: 'mediaType', value: mediaType },
    ...(mediaType === 'message' && messageType !== null
      ? [{ dimension: 'messageType', value: messageType }]
      : []),
  ]
  return {
    interval: `${new Date(from).toISOString()}/${new Date(to).toISOString()}`,
    order: 'desc',
    orderBy: 'conversationStart',
    paging: { pageSize, pageNumber: page },
    // Filters that stand side by side have to hold together.
    segmentFilters:
      whose.length === 1
        ? [{ type: 'and', predicates: [...whose, ...what] }]
        : [
            { type: 'or', predicates: whose },
            { type: 'and', predicates: what },
          ],
  }
}

function named(dimension: string, value: string) {
  return { type: 'dimension', dimension, operator: 'matches', value }
}
