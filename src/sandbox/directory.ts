import { badRequest, notFound } from './errors.ts'

/** The org that the sandbox pretends to be: deployment, external source, contacts. Every id is fixed, so that examples can name them. */

export type SandboxContact = {
  id: string
  name: string
  externalId?: string
  /** The number space of the externalId; without it, every external source that the org has. */
  externalSourceId?: string
  emails: readonly string[]
  phones: readonly string[]
  /** Merged into this one: the look-up answers both, and messages go to the canonical one. */
  canonicalId?: string
  /** An agent talks to them now: agentless messages are refused. Left out, nothing changes about that. */
  active?: boolean
}

export const DEPLOYMENT = '0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60'
export const EXTERNAL_SOURCE = { id: '7c9e6679-7425-40de-944b-e07fc1f90ae7', name: 'CRM' }
export const SMS_NUMBER = '+13175550100'
export const WHATSAPP_INTEGRATION = '3f1d2c4b-8a57-4e0c-9d21-6b5a4c3e2f10'
export const OPEN_INTEGRATION = '8e2b7d90-41c3-4f6a-b5d8-2c9f1e0a7b34'

export const CONTACTS: readonly SandboxContact[] = [
  {
    id: '5d3c7a10-1f6e-4b0a-8c55-000000001001',
    name: 'Ada Example',
    externalId: 'C-1001',
    emails: ['ada@example.com'],
    phones: ['+14155550101'],
  },
  {
    id: '5d3c7a10-1f6e-4b0a-8c55-000000001002',
    name: 'Bruno Beispiel',
    externalId: 'C-1002',
    emails: ['bruno@example.com'],
    phones: ['+4930901820102'],
  },
  {
    id: '5d3c7a10-1f6e-4b0a-8c55-000000001003',
    name: 'Chie Sample',
    externalId: 'C-1003',
    emails: ['chie@example.com'],
    phones: [],
  },
  {
    id: '5d3c7a10-1f6e-4b0a-8c55-000000001004',
    name: 'Dora Ejemplo',
    emails: ['dora@example.com'],
    phones: [],
  },
  {
    id: '5d3c7a10-1f6e-4b0a-8c55-000000001005',
    name: 'Eve Active',
    externalId: 'C-1005',
    emails: ['eve@example.com'],
    phones: [],
    active: true,
  },
  {
    id: '5d3c7a10-1f6e-4b0a-8c55-000000001006',
    name: 'Ada Example (merged)',
    externalId: 'C-1006',
    emails: [],
    phones: [],
    canonicalId: '5d3c7a10-1f6e-4b0a-8c55-000000001001',
  },
]

/** As the look-up asks for it; `externalSourceId` goes with ExternalId, and is null else. */
type Identifier = { type: string; value: string; externalSourceId: string | null }

export type Directory = {
  /** Null: nobody has this identifier. */
  find(identifier: Identifier): SandboxContact | null
  byId(id: string): SandboxContact | null
  add(contact: SandboxContact): void
  all(): readonly SandboxContact[]
  /** Whom a contact is after merges; the contact itself where it was never merged into another. */
  canonicalOf(id: string): string
  /** All who are one by merges, the canonical one first. */
  mergeSetOf(id: string): readonly string[]
  /** Makes them one, each with those whom it was merged with before. Throws 404 where one is not known, 400 where they are one already. */
  merge(fromId: string, intoId: string): void
}

/** Contacts by their identifiers; `resolve` is asked for those that are not listed, so that a test can have thousands. */
export function createDirectory(
  resolve: (identifier: { type: string; value: string }) => { id: string } | null,
): Directory {
  const byIdentifier = new Map<string, string>()
  const byId = new Map<string, SandboxContact>()
  /** By each who was merged with another. */
  const mergeSets = new Map<string, readonly string[]>()
  const mergeSetOf = (id: string) => mergeSets.get(id) ?? [id]
  const canonicalOf = (id: string) => mergeSetOf(id)[0] ?? id
  const join = (fromId: string, intoId: string) => {
    const set = [...new Set([...mergeSetOf(intoId), ...mergeSetOf(fromId)])]
    for (const id of set) mergeSets.set(id, set)
  }
  const add = (contact: SandboxContact) => {
    byId.set(contact.id, contact)
    const { id, externalId, externalSourceId, emails, phones, canonicalId } = contact
    if (externalId) byIdentifier.set(keyOf('ExternalId', externalId, externalSourceId), id)
    for (const email of emails) byIdentifier.set(keyOf('Email', email), id)
    for (const phone of phones) byIdentifier.set(keyOf('Phone', phone), id)
    if (canonicalId !== undefined) join(id, canonicalId)
  }
  for (const contact of CONTACTS) add(contact)
  return {
    find({ type, value, externalSourceId }) {
      const known =
        byIdentifier.get(keyOf(type, value, externalSourceId)) ?? byIdentifier.get(keyOf(type, value))
      if (known !== undefined) return byId.get(known) ?? null
      const resolved = resolve({ type, value })
      if (!resolved) return null
      const contact = byId.get(resolved.id) ?? {
        id: resolved.id,
        name: resolved.id,
        ...(type === 'ExternalId' ? { externalId: value } : {}),
        emails: type === 'Email' ? [value] : [],
        phones: type === 'Phone' ? [value] : [],
      }
      byId.set(contact.id, contact)
      return contact
    },
    byId: (id) => byId.get(id) ?? null,
    add,
    all: () => [...byId.values()],
    canonicalOf,
    mergeSetOf,
    merge(fromId, intoId) {
      const from = byId.get(canonicalOf(fromId))
      const into = byId.get(canonicalOf(intoId))
      if (!from || !into) throw notFound('external contact')
      if (from === into) throw badRequest('The contacts are one already.')
      byId.set(from.id, { ...from, canonicalId: into.id })
      join(from.id, into.id)
    },
  }
}

function keyOf(type: string, value: string, externalSourceId: string | null = null): string {
  return JSON.stringify([type, type === 'Email' ? value.toLowerCase() : value, externalSourceId])
}
