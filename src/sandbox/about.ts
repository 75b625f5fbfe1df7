import { anyJson, type RawBody } from './body.ts'
import type { Org } from './org.ts'

/** Whom a request is about, as far as it says: contacts by id, and addresses. */
export type About = { contacts: ReadonlySet<string>; addresses: ReadonlySet<string> }

const CONTACT_PATH = /^\/api\/v2\/externalcontacts\/contacts\/([^/]+)$/
const MESSAGES_PATH = /^\/api\/v2\/conversations\/messages\/([^/]+)(?:\/|$)/
const CONTACT_DIMENSIONS: readonly unknown[] = ['externalContactId', 'canonicalExternalContactId']
const ADDRESS_DIMENSIONS: readonly unknown[] = ['addressFrom', 'addressTo']

/** Whom the customer of a request is: by its path, by what it is sent to, by what it looks for. For faults of one customer. */
export function aboutOf(path: string, raw: RawBody, org: Org): About {
  const contacts = new Set<string>()
  const addresses = new Set<string>()
  const add = (to: Set<string>, value: unknown) => {
    if (typeof value === 'string' && value !== '') to.add(value)
  }
  const conversationOrMessage = MESSAGES_PATH.exec(path)?.[1] ?? ''
  const { conversationId = conversationOrMessage } = org.messagesById.get(conversationOrMessage) ?? {}
  const conversation = org.conversations.byId.get(conversationId)
  add(contacts, conversation?.contactId)
  add(addresses, conversation?.to)
  add(contacts, CONTACT_PATH.exec(path)?.[1])

  const body = fieldsOf(anyJson(raw))
  add(contacts, body.externalContactId)
  add(addresses, body.toAddress)
  for (const recipient of listOf(body.toAddresses)) add(addresses, fieldsOf(recipient).email)
  if (body.type === 'Email' || body.type === 'Phone') add(addresses, body.value)
  for (const filter of listOf(body.segmentFilters).map(fieldsOf)) {
    const parts = [filter, ...listOf(filter.clauses).map(fieldsOf)]
    for (const { dimension, value } of parts.flatMap((part) => listOf(part.predicates)).map(fieldsOf)) {
      if (CONTACT_DIMENSIONS.includes(dimension)) add(contacts, value)
      if (ADDRESS_DIMENSIONS.includes(dimension)) add(addresses, value)
    }
  }
  return { contacts, addresses }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
