import type { Directory, SandboxContact } from './directory.ts'
import { notFound } from './errors.ts'
import type { Org } from './org.ts'

/** `GET /api/v2/externalcontacts/contacts/{contactId}`: of a contact that was merged into another still the contact itself. */
export function getContact(org: Org, id: string) {
  const contact = org.directory.byId(id)
  if (!contact) throw notFound('external contact')
  return contactBody(contact, org.directory)
}

/**
 * Schema ExternalContact. Who was never merged has none of the fields about merges; that the canonical contact names no canonicalContact is
 * assumed.
 */
export function contactBody(contact: SandboxContact, directory: Directory) {
  const [firstName = '', ...rest] = contact.name.split(' ')
  const mergeSet = directory.mergeSetOf(contact.id)
  const canonicalId = directory.canonicalOf(contact.id)
  const { canonicalId: mergedTo } = contact
  const mergedFrom = mergeSet.filter((id) => directory.byId(id)?.canonicalId === contact.id)
  return {
    id: contact.id,
    type: 'Curated',
    firstName,
    lastName: rest.join(' '),
    ...(canonicalId === contact.id ? {} : { canonicalContact: reference(canonicalId) }),
    ...(mergeSet.length === 1 ? {} : { mergeSet: mergeSet.map(reference) }),
    ...(mergedFrom.length === 0 ? {} : { mergedFrom: mergedFrom.map(reference) }),
    ...(mergedTo === undefined ? {} : { mergedTo: reference(mergedTo) }),
    selfUri: uriOf(contact.id),
  }
}

export function reference(id: string) {
  return { id, selfUri: uriOf(id) }
}

function uriOf(id: string): string {
  return `/api/v2/externalcontacts/contacts/${id}`
}
