import { emailAddress, phoneNumber } from '../address.ts'
import type { Config, Route } from '../config/config.ts'
import { parsePattern } from '../config/pattern.ts'
import type { NotOk } from '../genesys/finding.ts'
import type { Answer, Contact, Genesys, Identifier } from '../genesys/genesys.ts'
import type { Customer, ExternalSource, IdentifierName, Session } from '../message.ts'
import { externalSourceOf } from '../plan/space.ts'

export type CustomerAsked = Pick<Customer, IdentifierName>
export type FoundContact = Contact & { foundBy: IdentifierName }
/** What the look-up of a customer came to. */
export type Found =
  | { kind: 'contact'; contact: FoundContact }
  | { kind: 'nobody'; reason: string }
  | { kind: 'trouble'; answer: NotOk }

/** The number spaces that an externalId may be of: those of the sources whose events the route may get; of all, where none is named. */
export function externalSourcesOf(config: Config, route: Route | null): ExternalSource[] {
  const listens = (source: string) =>
    route === null || route.on.some(({ text }) => parsePattern(text)?.listensTo(source))
  const own = [...config.sources.values()].filter(({ name }) => listens(name))
  const all = [
    ...own.map((source) => externalSourceOf(source, route?.customer?.externalId !== undefined, config)),
    ...(route === null ? [config.genesys.externalSource] : []),
  ].filter((one) => one !== null)
  return [...new Map(all.map((one) => [one.id, one])).values()]
}

type Named = { name: IdentifierName } & ({ identifier: Identifier } | { reason: string })

/** How the look-up is asked for this identifier; several ways where it may be of several number spaces, none where it was not given. */
export function identifiersOf(
  name: IdentifierName,
  customer: CustomerAsked,
  sources: readonly ExternalSource[],
  { genesys }: Config,
): Named[] {
  const value = customer[name]
  if (value === undefined) return []
  if (name === 'externalId') {
    return sources.length === 0
      ? [{ name, reason: 'no externalSource is configured to look the externalId up in' }]
      : sources.map((externalSource) => ({ name, identifier: { type: 'ExternalId', value, externalSource } }))
  }
  const address = name === 'email' ? emailAddress(value) : phoneNumber(value, genesys.defaultCountry)
  if (address.kind === 'bad') return [{ name, reason: address.reason }]
  return [{ name, identifier: { type: name === 'email' ? 'Email' : 'Phone', value: address.to } }]
}

/** The first whom one of them finds, in order. */
export async function findContact(
  asked: readonly Named[],
  lookup: (identifier: Identifier) => Promise<Answer<Contact | null>>,
): Promise<Found> {
  const missed: string[] = []
  for (const one of asked) {
    if ('reason' in one) {
      missed.push(one.reason)
      continue
    }
    const answer = await lookup(one.identifier)
    if (answer.kind === 'ok' && answer.value) {
      return { kind: 'contact', contact: { ...answer.value, foundBy: one.name } }
    }
    if (answer.kind === 'ok') missed.push(`no contact in Genesys Cloud has this ${one.name}`)
    else if (answer.kind === 'refused' && (answer.status === 400 || answer.status === 422)) {
      missed.push(`Genesys Cloud refused the ${one.name} as an identifier`)
    } else return { kind: 'trouble', answer }
  }
  const reason = [...new Set(missed)].join('; ') || 'nothing of what it finds by was given'
  return { kind: 'nobody', reason }
}

/** Analytics take intervals of 31 days at most. */
export const WINDOW_MS = 31 * 86_400_000
const PAGE_SIZE = 100
/** So many conversations are of a test, not of a customer. */
const MOST_PAGES = 5

/** The newest conversation that the contact began, under whichever id. */
export async function newestSession(
  genesys: Genesys,
  ids: readonly string[],
  now: number,
): Promise<Answer<Session | null>> {
  for (let page = 1; ; page += 1) {
    const answer = await genesys.findConversations({
      of: { contactIds: ids },
      mediaType: 'message',
      messageType: 'webmessaging',
      from: now - WINDOW_MS,
      to: now,
      page,
      pageSize: PAGE_SIZE,
    })
    if (answer.kind !== 'ok') return answer
    const { conversations, more } = answer.value
    const inbound = conversations.find(({ direction }) => direction === 'inbound')
    if (inbound) return { ...answer, value: { conversationId: inbound.id, startedAt: inbound.startedAt } }
    if (!more || page === MOST_PAGES) return { ...answer, value: null }
  }
}
