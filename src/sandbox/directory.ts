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
  /** An agent talks to them now: agentless messages are refused. */
  active?: boolean
}

export const DEPLOYMENT = '0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60'
export const EXTERNAL_SOURCE = { id: '7c9e6679-7425-40de-944b-e07fc1f90ae7', name: 'CRM' }

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
}

/** Contacts by their identifiers; `resolve` is asked for those that are not listed, so that a test can have thousands. */
export function createDirectory(
  resolve: (identifier: { type: string; value: string }) => { id: string } | null,
): Directory {
  const byIdentifier = new Map<string, SandboxContact>()
  const byId = new Map<string, SandboxContact>()
  const add = (contact: SandboxContact) => {
    byId.set(contact.id, contact)
    const { externalId, externalSourceId, emails, phones } = contact
    if (externalId) byIdentifier.set(keyOf('ExternalId', externalId, externalSourceId), contact)
    for (const email of emails) byIdentifier.set(keyOf('Email', email), contact)
    for (const phone of phones) byIdentifier.set(keyOf('Phone', phone), contact)
  }
  for (const contact of CONTACTS) add(contact)
  return {
    find({ type, value, externalSourceId }) {
      const known =
        byIdentifier.get(keyOf(type, value, externalSourceId)) ?? byIdentifier.get(keyOf(type, value))
      if (known) return known
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
  }
}

function keyOf(type: string, value: string, externalSourceId: string | null = null): string {
  return JSON.stringify([type, type === 'Email' ? value.toLowerCase() : value, externalSourceId])
}
