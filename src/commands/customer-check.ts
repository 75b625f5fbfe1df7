import { addressOf } from '../address.ts'
import type { Clock } from '../clock.ts'
import type { Config, Route } from '../config/config.ts'
import { mayReceive } from '../deliver/only-to.ts'
import { type Finding, notAnswered } from '../genesys/finding.ts'
import type { Answer, Genesys } from '../genesys/genesys.ts'
import {
  type Channel,
  type ExternalSource,
  IDENTIFIERS,
  type IdentifierName,
  type Session,
} from '../message.ts'
import {
  type CustomerAsked,
  externalSourcesOf,
  type Found,
  type FoundContact,
  findContact,
  identifiersOf,
  newestSession,
  WINDOW_MS,
} from './customer-find.ts'

/** How one customer would be reached now. */
export type CustomerCheck = {
  /** Null: nobody is known by what was given. */
  contact: FoundContact | null
  /** The newest web messaging conversation of the last 31 days that they began themselves. */
  session: Session | null
  routes: readonly RouteCheck[]
  /** Questions that got no answer; what hangs on them is not known. */
  findings: readonly Finding[]
}

/** `channel`: which the route would use, and `to` whom: the contact or the address. Null: none, for `reason`, which may say something of a channel too. */
export type RouteCheck = {
  route: string
  mode: Route['mode']
  channel: Channel | null
  to: string | null
  reason: string | null
}

/** Looks the customer up as each route would, and says over which channel it would write. Sends nothing. */
export async function checkCustomer(
  genesys: Genesys,
  config: Config,
  customer: CustomerAsked,
  clock: Clock,
): Promise<CustomerCheck> {
  const now = clock.now()
  const lookup = onceEach(genesys.findContact)
  const sessionOf = onceEach((ids: readonly string[]) => newestSession(genesys, ids, now))
  const find = async (names: readonly IdentifierName[], sources: readonly ExternalSource[]) => {
    const identifiers = names.flatMap((name) => identifiersOf(name, customer, sources, config))
    const found = await findContact(identifiers, lookup)
    return { found, session: found.kind === 'contact' ? await sessionOf(found.contact.ids) : null }
  }

  const first = await find(IDENTIFIERS, externalSourcesOf(config, null))
  const asked = [first]
  const routes: RouteCheck[] = []
  for (const route of config.routes) {
    const one = await find(route.findBy, externalSourcesOf(config, route))
    asked.push(one)
    routes.push({ route: route.name, mode: route.mode, ...reach(route, customer, one, config, now) })
  }
  return {
    contact: first.found.kind === 'contact' ? first.found.contact : null,
    session: first.session?.kind === 'ok' ? first.session.value : null,
    routes,
    findings: troublesOf(asked),
  }
}

/** What the look-up came to, and the session of whom it found. */
type AskedOnce = { found: Found; session: Answer<Session | null> | null }

/** The first question of each kind that got no answer. */
function troublesOf(asked: readonly AskedOnce[]): Finding[] {
  const contacts = asked.flatMap(({ found }) => (found.kind === 'trouble' ? found.answer : []))
  const sessions = asked.flatMap(({ session }) => (session && session.kind !== 'ok' ? session : []))
  return [
    ...contacts
      .slice(0, 1)
      .map((answer) => notAnswered('this customer’s contact', answer, 'externalContacts:contact:view')),
    ...sessions
      .slice(0, 1)
      .map((answer) => notAnswered('this customer’s sessions', answer, 'analytics:conversationDetail:view')),
  ]
}

/** Asks each question once, however many routes have it. */
function onceEach<Question, Reply>(ask: (question: Question) => Promise<Reply>) {
  const asked = new Map<string, Promise<Reply>>()
  return (question: Question): Promise<Reply> => {
    const key = JSON.stringify(question)
    const known = asked.get(key) ?? ask(question)
    asked.set(key, known)
    return known
  }
}

function reach(
  route: Route,
  customer: CustomerAsked,
  { found, session }: AskedOnce,
  { genesys }: Config,
  now: number,
): Omit<RouteCheck, 'route' | 'mode'> {
  const none = (reason: string) => ({ channel: null, to: null, reason })
  if (route.mode === 'off') return none('the route is off')
  if (!mayReceive(customer, genesys.onlyTo, genesys.defaultCountry)) {
    return none('onlyTo of the configuration leaves this customer out')
  }
  const missing =
    route.requireSessionMs === null ? null : whyNoSession(route.requireSessionMs, found, session, now)
  if (missing !== null) return none(missing)
  const reason = route.mode === 'shadow' ? 'shadow: shown, never sent' : null
  const misses: string[] = []
  for (const channel of route.channels) {
    if (channel === 'webmessaging') {
      if (found.kind === 'trouble') return none('whether there is a contact is not known')
      if (found.kind === 'contact') return { channel, to: found.contact.id, reason }
      misses.push(`${channel}: ${found.reason}`)
      continue
    }
    const address = addressOf(channel, customer, genesys.defaultCountry)
    if (address.kind === 'address') return { channel, to: address.to, reason }
    misses.push(`${channel}: ${address.kind === 'bad' ? address.reason : NOT_GIVEN[channel]}`)
  }
  return none(misses.join('; '))
}

const NOT_GIVEN: Readonly<Record<Exclude<Channel, 'webmessaging'>, string>> = {
  open: 'no externalId was given',
  sms: 'no phone number was given',
  whatsapp: 'no phone number was given',
  email: 'no email address was given',
}

/** Why a route that asks for a session sends nothing, on any channel; null: there is one. */
function whyNoSession(
  withinMs: number,
  found: Found,
  session: Answer<Session | null> | null,
  now: number,
): string | null {
  if (found.kind === 'nobody') return `requireSession: ${found.reason}`
  if (found.kind === 'trouble' || session?.kind !== 'ok') {
    return 'requireSession: whether there is a session is not known'
  }
  if (session.value && session.value.startedAt >= now - withinMs) return null
  const days = (ms: number) => `${Math.round(ms / 86_400_000)} days`
  return withinMs > WINDOW_MS && !session.value
    ? `requireSession: no session in the last ${days(WINDOW_MS)}; of the ${days(withinMs)} that the route asks for the rest was not looked at`
    : 'requireSession: no session in the time that the route asks for'
}
