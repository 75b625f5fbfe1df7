import { type Address, addressOf, emailAddress, phoneNumber } from '../address.ts'
import type { Answer, Contact, Identifier } from '../genesys/genesys.ts'
import type { Channel, Customer, IdentifierName, Message, Policies, Session } from '../message.ts'
import type { Lookup } from './contacts.ts'

/** A contact, by which identifier it was found, and whether Genesys was asked for it now. */
export type FoundContact = Contact & { foundBy: IdentifierName; cached: boolean }

/** Where a message can go: webmessaging to the contact, the other channels to the address. */
export type Target = {
  channel: Channel
  /** Where one was looked for. */
  contact: FoundContact | null
  /** Null on webmessaging. */
  address: string | null
  /** What `requireSession` found. */
  session: Session | null
}

export type Found =
  | {
      kind: 'target'
      target: Target & ({ channel: 'webmessaging'; contact: FoundContact } | { address: string })
    }
  /** No channel of the route reaches this customer; the reason names what was looked for, not its value. */
  | { kind: 'nobody'; state: 'failed' | 'skipped'; code: NobodyCode; reason: string }
  /** Genesys did not answer a question. */
  | { kind: 'trouble'; question: string; answer: Exclude<Answer<unknown>, { kind: 'ok' }> }

type NobodyCode = 'no-contact' | 'no-address' | 'bad-address' | 'no-channel' | 'no-session'

/** What may be asked of Genesys on the way, each costing a call unless it is known. */
export type Ask = {
  contact(identifier: Identifier): Promise<Lookup>
  session(contact: Contact, withinMs: number): Promise<Answer<Session | null>>
}

/** What the configuration says about reaching people. */
export type Reach = { defaultCountry: string | null; has(channel: Channel): boolean }

type Rung = { channel: Channel } & ({ kind: 'contact' } | { kind: 'address'; to: string })
type Miss = { channel: Channel; code: NobodyCode; reason: string }

/**
 * Climbs the ladder of channels from the one that the message is at, to the first that reaches the customer. What can be seen to fail without a call fails without
 * one: addresses are checked first.
 */
export async function find(
  message: Pick<Message, 'customer' | 'channel' | 'policies'>,
  reach: Reach,
  ask: Ask,
): Promise<Found> {
  const { customer, policies } = message
  const ladder = channelsFrom(message)
  const misses: Miss[] = []
  const rungs: Rung[] = []
  for (const channel of ladder) {
    const rung = rungOf(channel, customer, policies, reach)
    if ('code' in rung) misses.push(rung)
    else rungs.push(rung)
  }
  if (rungs.length === 0) return nobody(misses, ladder)

  const known: { contact: ContactAnswer | null } = { contact: null }
  const contactOnce = async () => {
    known.contact ??= await findContact(customer, policies, reach, ask)
    return known.contact
  }

  let session: Session | null = null
  if (policies.requireSessionMs !== null) {
    const contact = await contactOnce()
    if (contact.kind === 'trouble') return trouble('the look-up of the customer', contact.answer)
    if (contact.kind === 'nobody')
      return noSession(`nobody is known to have had one (${contact.missed.join('; ')})`)
    const answer = await ask.session(contact.contact, policies.requireSessionMs)
    if (answer.kind !== 'ok') return trouble('whether the customer had a web messaging session', answer)
    if (answer.value === null) return noSession(`the contact ${contact.contact.id} had none`)
    session = answer.value
  }

  for (const rung of rungs) {
    if (rung.kind === 'address') {
      const contact = known.contact?.kind === 'contact' ? known.contact.contact : null
      return { kind: 'target', target: { channel: rung.channel, contact, address: rung.to, session } }
    }
    const contact = await contactOnce()
    if (contact.kind === 'trouble') return trouble('the look-up of the customer', contact.answer)
    if (contact.kind === 'contact') {
      return {
        kind: 'target',
        target: { channel: 'webmessaging', contact: contact.contact, address: null, session },
      }
    }
    misses.push(
      ...contact.missed.map((reason): Miss => ({ channel: rung.channel, code: 'no-contact', reason })),
    )
  }
  return nobody(misses, ladder)
}

/** The channels that are still to be tried, the present one first. One that is not the route's own (an operator's choice) stands alone. */
export function channelsFrom({
  channel,
  policies,
}: Pick<Message, 'channel' | 'policies'>): readonly Channel[] {
  const at = policies.channels.indexOf(channel)
  return at < 0 ? [channel] : policies.channels.slice(at)
}

/** The channel after this one; null: it is the last. */
export function channelAfter(channel: Channel, { channels }: Pick<Policies, 'channels'>): Channel | null {
  return channels[channels.indexOf(channel) + 1] ?? null
}

function rungOf(channel: Channel, customer: Customer, policies: Policies, reach: Reach): Rung | Miss {
  if (!reach.has(channel)) {
    const reason = `the configuration has no genesys.${channel} any more: bring it back and restart`
    return { channel, code: 'no-channel', reason }
  }
  if (channel === 'webmessaging') {
    const identifiers = policies.findBy.map((name) => identifierOf(name, customer, policies, reach))
    if (identifiers.some(({ kind }) => kind === 'identifier')) return { channel, kind: 'contact' }
    const reasons = identifiers.flatMap((one) => (one.kind === 'none' ? one.reason : []))
    return { channel, code: 'no-contact', reason: reasons.join(', ') }
  }
  const address: Address = addressOf(channel, customer, reach.defaultCountry)
  if (address.kind === 'address') return { channel, kind: 'address', to: address.to }
  return { channel, code: address.kind === 'bad' ? 'bad-address' : 'no-address', reason: address.reason }
}

/** What kept the customer from being reached; the code of what somebody can mend soonest. */
function nobody(misses: readonly Miss[], ladder: readonly Channel[]): Found {
  const code = MOST_TELLING.find((one) => misses.some((miss) => miss.code === one)) ?? 'no-address'
  const words = ladder.map((channel) => {
    const reasons = misses.filter((miss) => miss.channel === channel).map(({ reason }) => reason)
    return `${channel}: ${reasons.join(', ')}`
  })
  const todo =
    code === 'no-contact'
      ? 'When the contact exists, re-trigger the message.'
      : 'When that is mended, re-trigger the message.'
  return {
    kind: 'nobody',
    state: 'failed',
    code,
    reason: `The customer cannot be reached. ${words.join('; ')}. ${todo}`,
  }
}

const MOST_TELLING: readonly NobodyCode[] = ['no-channel', 'bad-address', 'no-contact', 'no-address']

function noSession(why: string): Found {
  const reason = `The route asks for an earlier web messaging session (requireSession), and ${why}; nothing is sent on any channel.`
  return { kind: 'nobody', state: 'skipped', code: 'no-session', reason }
}

function trouble(question: string, answer: Exclude<Answer<unknown>, { kind: 'ok' }>): Found {
  return { kind: 'trouble', question, answer }
}

type ContactAnswer =
  | { kind: 'contact'; contact: FoundContact }
  | { kind: 'nobody'; missed: string[] }
  | { kind: 'trouble'; answer: Exclude<Answer<unknown>, { kind: 'ok' }> }

/** Asks for the contact by `findBy` in order. */
async function findContact(
  customer: Customer,
  policies: Policies,
  reach: Reach,
  ask: Ask,
): Promise<ContactAnswer> {
  const missed: string[] = []
  for (const name of policies.findBy) {
    const identifier = identifierOf(name, customer, policies, reach)
    if (identifier.kind === 'none') {
      missed.push(identifier.reason)
      continue
    }
    const { answer, cached } = await ask.contact(identifier.identifier)
    if (answer.kind === 'ok' && answer.value !== null) {
      return { kind: 'contact', contact: { ...answer.value, foundBy: name, cached } }
    }
    if (answer.kind === 'ok') missed.push(`no contact in Genesys Cloud has this ${name}`)
    else if (isRefusedValue(answer)) missed.push(`Genesys Cloud refused the ${name} as an identifier`)
    else return { kind: 'trouble', answer }
  }
  return { kind: 'nobody', missed }
}

/** A look-up that finds fault with the value itself says nothing about Genesys: the next identifier is tried. */
function isRefusedValue(answer: Answer<unknown>): boolean {
  return answer.kind === 'refused' && (answer.status === 400 || answer.status === 422)
}

type IdentifierOf = { kind: 'identifier'; identifier: Identifier } | { kind: 'none'; reason: string }

function identifierOf(
  name: IdentifierName,
  customer: Customer,
  policies: Pick<Policies, 'externalSource'>,
  reach: Pick<Reach, 'defaultCountry'>,
): IdentifierOf {
  const value = customer[name]
  if (value === undefined) return { kind: 'none', reason: `the event names no ${name}` }
  if (name === 'externalId') {
    return policies.externalSource === null
      ? { kind: 'none', reason: 'no externalSource is configured to look the externalId up in' }
      : {
          kind: 'identifier',
          identifier: { type: 'ExternalId', value, externalSource: policies.externalSource },
        }
  }
  const address = name === 'email' ? emailAddress(value) : phoneNumber(value, reach.defaultCountry)
  if (address.kind === 'bad') return { kind: 'none', reason: address.reason }
  return { kind: 'identifier', identifier: { type: name === 'email' ? 'Email' : 'Phone', value: address.to } }
}
