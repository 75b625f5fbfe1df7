import { listOf, nobody, objectOf, textOf } from './answer.ts'
import type { Call } from './call.ts'
import type { Contact, Genesys } from './genesys.ts'
import { badId } from './ids.ts'
import type { Sdk } from './sdk.ts'

export function createContacts({ contacts }: Sdk, call: Call): Pick<Genesys, 'findContact' | 'getContact'> {
  return {
    findContact: async (identifier) =>
      nobody(
        await call<Contact | null>(
          () => contacts.postExternalcontactsIdentifierlookupContacts(identifier),
          contactOf,
        ),
      ),

    getContact: async (id) =>
      badId(id) ??
      nobody(await call<Contact | null>(() => contacts.getExternalcontactsContact(id), contactOf)),
  }
}

/**
 * After a merge the contact to write to is the canonical one; conversations stand under each of the merge tree (schema ExternalContact: `mergeSet` is all of it,
 * `mergedFrom` what this one was made of).
 */
function contactOf(body: unknown): Contact | undefined {
  const contact = objectOf(body)
  const own = textOf(contact.id)
  const id = textOf(objectOf(contact.canonicalContact).id) ?? own
  if (id === null) return undefined
  const merged = [...listOf(contact.mergeSet), ...listOf(contact.mergedFrom)].map((one) => objectOf(one).id)
  return { id, ids: [...new Set([id, own, ...merged].flatMap((one) => textOf(one) ?? []))] }
}
