import { CLI_SOURCE, type Event, type RouteNote } from '../event.ts'
import { zoneNamed } from '../local-time.ts'
import { type Customer, IDENTIFIERS, type Rendered } from '../message.ts'
import type { Role } from '../operator.ts'
import { withoutAddresses } from '../private.ts'
import { allows } from './access/allows.ts'

/**
 * What is shown of customers to whom. Everything that leaves for an operator goes through here: who may not read it unmasked gets the same thing with what would tell who the customer is, or what was
 * said to them, taken out. All masks of a kind have one length, so that they tell nothing of what they hide. Each function takes what the ledger gives and what JSON has alike.
 */

/** Stands for what is not shown. */
export const HIDDEN = '…'

/** `a…@e…`, `+49…12`, and nothing but `…` of all else. */
export function maskIdentifier(text: string): string {
  const [, local, domain] = /^\s*(\S)[^@]*@(\S)[^@]*$/u.exec(text) ?? []
  if (local !== undefined && domain !== undefined) return `${local}${HIDDEN}@${domain}${HIDDEN}`
  const digits = text.replace(/[\s().-]/g, '')
  return /^\+\d{8,15}$/.test(digits) ? `${digits.slice(0, 3)}${HIDDEN}${digits.slice(-2)}` : HIDDEN
}

/** Identifiers of customers that are a list of their own, such as `onlyTo`. */
export function maskIdentifiers(list: readonly string[], role: Role): readonly string[] {
  return seesAll(role) ? list : list.map(maskIdentifier)
}

/** `de`, `de-AT`, `zh-Hant-TW`: what is longer may be somebody's name in the wrong field. */
const LOCALE = /^[a-z]{2}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?$/i

/** Language and time zone are many people's, where they are what they say; all else is this one's. */
export function maskCustomer(customer: Customer, role: Role): Customer {
  if (seesAll(role)) return customer
  const kept: Customer = {}
  for (const name of IDENTIFIERS) {
    const value = customer[name]
    if (value !== undefined) kept[name] = name === 'externalId' ? HIDDEN : maskIdentifier(value)
  }
  if (customer.name !== undefined) kept.name = HIDDEN
  const { locale, timezone } = customer
  if (locale !== undefined) kept.locale = LOCALE.test(locale) ? locale : HIDDEN
  if (timezone !== undefined) kept.timezone = zoneNamed(timezone) === null ? HIDDEN : timezone
  if (customer.consent !== undefined) kept.consent = HIDDEN
  return kept
}

/** A text ready for its channel: which template it is from, and over which channel, but not what it says. */
export function maskRendered<R extends Rendered>(rendered: R, role: Role): R {
  if (seesAll(role)) return rendered
  const { subject, html, whatsapp } = rendered
  const hidden = (list: readonly { id: string; value: string }[]) =>
    list.map(({ id }) => ({ id, value: HIDDEN }))
  return {
    ...rendered,
    text: HIDDEN,
    ...(subject === undefined ? {} : { subject: HIDDEN }),
    ...(html === undefined ? {} : { html: HIDDEN }),
    ...(whatsapp === undefined
      ? {}
      : { whatsapp: { ...whatsapp, header: hidden(whatsapp.header), body: hidden(whatsapp.body) } }),
  }
}

/** Words for an operator that may quote somebody. `known`: what they must not hold, whatever it looks like. */
export function maskWords(text: string, role: Role, known?: readonly string[]): string
export function maskWords(text: string | null, role: Role, known?: readonly string[]): string | null
export function maskWords(text: string | null, role: Role, known: readonly string[] = []): string | null {
  if (text === null || seesAll(role)) return text
  // The longest first: one may hold another. Before anything is cut, which could leave the half of one.
  const values = known.filter((value) => value.length >= SHORTEST).toSorted((a, b) => b.length - a.length)
  return withoutAddresses(values.reduce((clean, value) => clean.replaceAll(value, HIDDEN), text))
}

/** A shorter value is in every other word. */
const SHORTEST = 3

/** What a message has that is masked. */
type Message = {
  reason: string | null
  customer: Customer
  deliveryReason: string | null
  lastLook: { saw: string } | null
  wouldSend?: Rendered | null
  policies?: { once: string | null }
}

export function maskMessage<M extends Message>(message: M, role: Role): M {
  if (seesAll(role)) return message
  const known = knownOf(message)
  const { lastLook, wouldSend, policies } = message
  return {
    ...message,
    customer: maskCustomer(message.customer, role),
    reason: maskWords(message.reason, role, known),
    deliveryReason: maskWords(message.deliveryReason, role, known),
    lastLook: lastLook && { ...lastLook, saw: maskWords(lastLook.saw, role, known) },
    ...(wouldSend === undefined ? {} : { wouldSend: wouldSend && maskRendered(wouldSend, role) }),
    ...(policies === undefined
      ? {}
      : { policies: { ...policies, once: policies.once === null ? null : HIDDEN } }),
  }
}

/** By what the words of a message, and about it, could tell whose it is. */
export function knownOf({ customer, policies }: Pick<Message, 'customer' | 'policies'>): string[] {
  const { externalId, email, phone, name } = customer
  return [externalId, email, phone, name, policies?.once ?? undefined].filter((value) => value !== undefined)
}

type Attempt = { address: string | null; reason: string | null; rendered: Rendered }

/** `of`: its message, whose customer the reason may name. */
export function maskAttempt<A extends Attempt>(
  attempt: A,
  role: Role,
  of: Pick<Message, 'customer' | 'policies'>,
): A {
  if (seesAll(role)) return attempt
  const { address } = attempt
  return {
    ...attempt,
    address: address === null ? null : maskIdentifier(address),
    reason: maskWords(attempt.reason, role, [...knownOf(of), ...(address === null ? [] : [address])]),
    rendered: maskRendered(attempt.rendered, role),
  }
}

/** What an event has that is masked: `notes` in the ledger, `routes` in JSON, `body` as text or `raw` as bytes. */
type MaskedEvent = {
  source: string
  key: string
  subject: string | null
  reason: string | null
  notes?: readonly RouteNote[]
  routes?: readonly RouteNote[]
  raw?: Event['raw']
  headers?: Event['headers']
  body?: string | null
}

/** Its type, key and subject stay: by these it is found in its source. What `postrider send` planned has the customer in its key. */
export function maskEvent<E extends MaskedEvent>(event: E, role: Role): E {
  if (seesAll(role)) return event
  const { source, key, notes, routes, raw, headers, body } = event
  const masked = (list: readonly RouteNote[]) =>
    list.map((note) => ({ ...note, reason: maskWords(note.reason, role) }))
  return {
    ...event,
    key: source === CLI_SOURCE ? `${key.split('/', 1)[0]}/${HIDDEN}` : maskWords(key, role),
    subject: maskWords(event.subject, role),
    reason: maskWords(event.reason, role),
    ...(notes === undefined ? {} : { notes: masked(notes) }),
    ...(routes === undefined ? {} : { routes: masked(routes) }),
    ...(raw === undefined ? {} : { raw: Buffer.from(HIDDEN) }),
    ...(headers === undefined ? {} : { headers: {} }),
    ...(body === undefined ? {} : { body: body === null ? null : HIDDEN }),
  }
}

/** What an operator wrote down, or a system said: a pause, a run, a suppression. Of what a run was chosen by, `reason` is what somebody typed too. */
export function maskReason<Thing extends { reason: string | null; filter?: { reason?: string } }>(
  thing: Thing,
  role: Role,
): Thing {
  if (seesAll(role)) return thing
  const { filter } = thing
  const typed = filter?.reason
  return {
    ...thing,
    reason: maskWords(thing.reason, role),
    ...(typed === undefined ? {} : { filter: { ...filter, reason: maskWords(typed, role) } }),
  }
}

function seesAll(role: Role): boolean {
  return allows(role, 'read.unmasked')
}
