import type { Config, Route, Source } from '../config/config.ts'
import type { Expectation, Fixture } from '../config/fixtures.ts'
import { consentOf } from '../consent.ts'
import type { ReadEvent, UnreadableEvent } from '../event.ts'
import type { Plan } from '../ledger/ledger.ts'
import type { Channel, Message, PlannedMessage, ResponseTemplate } from '../message.ts'
import { type Scope, scopeOf } from '../scope.ts'
import { planEvent } from './plan.ts'
import { firstChannel } from './reach.ts'

/** How a source reads a delivery; passed in, because receiving depends on planning and not the other way about. */
export type Read = (
  source: Source,
  delivery: { body: Buffer; rawHeaders: readonly string[]; receivedAt: number },
  id: string,
) => (ReadEvent | UnreadableEvent)[]

/** What one message of a fixture would come to, short of asking Genesys. */
export type Foreseen = {
  route: string
  state: Message['state']
  code: string | null
  reason: string | null
  channel: Channel
  text: string | null
}

export type FixtureCheck = { file: string; foreseen: readonly Foreseen[]; differences: readonly string[] }

/** Plans and renders a fixture, and compares it with what it expects; without expectations there is nothing to differ from. */
export function checkFixture(fixture: Fixture, config: Config, read: Read, now: Date): FixtureCheck {
  const { file, expect } = fixture
  const source = config.sources.get(fixture.source)
  if (!source) {
    return { file, foreseen: [], differences: [`the configuration has no source ${fixture.source}`] }
  }
  const events = readFixtureEvents(fixture, source, read, now)
  const foreseen = events.flatMap((event) =>
    'reason' in event
      ? []
      : planEvent(event, config).messages.map((message) => foresee(message, event, config)),
  )
  const differences = expect === null ? [] : differencesOf(expect, foreseen)
  // What cannot be read is often meant so; where something else was expected it says why.
  const unreadable =
    differences.length === 0 ? [] : events.flatMap((event) => ('reason' in event ? event.reason : []))
  return {
    file,
    foreseen,
    differences: [...unreadable.map((reason) => `unreadable: ${reason}`), ...differences],
  }
}

/** The events of a fixture. Where its body does not say when they happened, they happened when it was received. */
export function readFixtureEvents(
  fixture: Fixture,
  source: Source,
  read: Read,
  now: Date,
): (ReadEvent | UnreadableEvent)[] {
  const rawHeaders = Object.entries(fixture.headers ?? {}).flat()
  const delivery = { body: fixture.bytes(now), rawHeaders, receivedAt: fixture.at(now).getTime() }
  return read(source, delivery, `fixture ${fixture.file}`)
}

function foresee(message: PlannedMessage, event: ReadEvent, config: Config): Foreseen {
  const { route, policies, customer } = message
  const channel = firstChannel(customer, policies) ?? policies.channels[0]
  if (channel === undefined) throw new Error(`the route ${route} has no channel`)
  const seen = (
    state: Message['state'],
    code: string | null,
    reason: string | null,
    text: string | null,
  ): Foreseen => ({
    route,
    state,
    code,
    reason,
    channel,
    text,
  })
  if (message.state !== 'scheduled') return seen(message.state, message.code, message.reason, null)
  const result = config.templates.render(policies.template, channel, scopeOf(event, event.payload, customer))
  if (result.kind === 'unrenderable') return seen('failed', result.code, result.reason, null)
  // What earlier events said only a ledger knows.
  if (policies.purpose === 'marketing' && consentOf(customer.consent) === false) {
    return seen('skipped', 'no-consent', 'no marketing consent: the event says no', null)
  }
  return policies.mode === 'shadow'
    ? seen('skipped', 'shadow', 'shadow: planned and shown, never sent', result.rendered.text)
    : seen('sent', null, null, result.rendered.text)
}

/** A line for each difference, empty where all is as expected. Of several messages of a route (a batch), the first is held against the first that is expected. */
function differencesOf(expected: readonly Expectation[], foreseen: readonly Foreseen[]): string[] {
  const routes = new Set([...expected, ...foreseen].map(({ route }) => route))
  return [...routes].flatMap((route) => {
    const wanted = expected.filter((one) => one.route === route)
    const messages = foreseen.filter((one) => one.route === route)
    return [
      ...wanted.slice(messages.length).map(() => `${route}: expected a message, none is planned`),
      ...messages.flatMap((message, n) => {
        const one = wanted[n]
        return one
          ? messageDifferences(one, message)
          : [`${route}: a message is planned that was not expected (${message.state})`]
      }),
    ]
  })
}

function messageDifferences(expected: Expectation, message: Foreseen): string[] {
  const differs = (what: string, wanted: string, got: string) =>
    `${message.route}: ${what}: expected ${wanted}, got ${got}`
  const differences: string[] = []
  if (!foreseenAs(expected, message)) {
    differences.push(
      differs(
        'state',
        expected.state,
        message.reason === null ? message.state : `${message.state} (${message.reason})`,
      ),
    )
  }
  const { reason, channel, text } = expected
  if (
    reason !== undefined &&
    isForeseeable(expected) &&
    reason !== message.code &&
    !message.reason?.includes(reason)
  ) {
    differences.push(differs('reason', reason, message.reason ?? message.code ?? 'none'))
  }
  if (channel !== undefined && isForeseeable(expected) && channel !== message.channel) {
    differences.push(differs('channel', channel, message.channel))
  }
  if (text !== undefined && text !== message.text)
    differences.push(differs('text', JSON.stringify(text), JSON.stringify(message.text)))
  return differences
}

/**
 * A message that is sent, and one of which something else decides (Genesys has no contact, a later event cancels it), look the same from here: planned and rendered.
 * A route in shadow would have sent it, so a fixture keeps its expectations while a route is tried out.
 */
function foreseenAs(expected: Expectation, message: Foreseen): boolean {
  if (expected.state === message.state) return true
  const rendered = message.state === 'sent' || message.code === 'shadow'
  return rendered && (expected.state === 'sent' || expected.state === 'scheduled' || !isForeseeable(expected))
}

/** Reasons that come from Genesys, or from what happened before or after the event. */
const FROM_ELSEWHERE: readonly string[] = [
  'no-contact',
  'no-session',
  'active-conversation',
  'not-found',
  'rejected',
  'destination-rejected',
  'no-consent',
  'suppressed',
  'cap',
]

function isForeseeable({ state, reason }: Expectation): boolean {
  return (
    state !== 'unconfirmed' &&
    state !== 'cancelled' &&
    !(reason !== undefined && FROM_ELSEWHERE.includes(reason))
  )
}

export type Preview =
  | {
      kind: 'shown'
      customer: Scope['customer']
      /** What would keep it from being sent so, or makes it another than the route's. */
      notes: readonly string[]
      foreseen: Foreseen
      subject: string | null
      html: string | null
      whatsapp: ResponseTemplate | null
      templateVersion: string | null
    }
  | { kind: 'not-planned'; reason: string }

/** What a route would say about an event, and to whom; `locale` and `channel` instead of what the event and the route say. */
export function previewRoute(
  config: Config,
  routeName: string,
  event: ReadEvent,
  instead: { locale?: string | undefined; channel?: Channel | undefined },
): Preview {
  const route = config.routes.find(({ name }) => name === routeName)
  if (!route)
    return {
      kind: 'not-planned',
      reason: `there is no route ${routeName}; there are ${config.routes.map(({ name }) => name).join(', ')}`,
    }
  const plan = planEvent(event, {
    ...config,
    routes: [route.mode === 'off' ? { ...route, mode: 'shadow' } : route],
  })
  const message = plan.messages[0]
  if (!message) return { kind: 'not-planned', reason: whyNot(plan, event) }
  const customer =
    instead.locale === undefined ? message.customer : { ...message.customer, locale: instead.locale }
  const channels = instead.channel === undefined ? message.policies.channels : [instead.channel]
  const chosen = { ...message, customer, policies: { ...message.policies, channels } }
  const foreseen = foresee(chosen, event, config)
  const result = config.templates.render(
    chosen.policies.template,
    foreseen.channel,
    scopeOf(event, event.payload, customer),
  )
  const rendered = result.kind === 'rendered' ? result.rendered : null
  return {
    kind: 'shown',
    customer,
    notes: notesOn(route, instead.channel, customer, config),
    foreseen,
    subject: rendered?.subject ?? null,
    html: rendered?.html ?? null,
    whatsapp: rendered?.whatsapp ?? null,
    templateVersion: rendered?.templateVersion ?? null,
  }
}

/** That no route listens is said of all routes, of which one was planned. */
function whyNot({ notes, reason }: Plan, { source, type }: ReadEvent): string {
  if (notes.length === 0) return `this route does not listen to ${source}/${type}`
  return reason ?? 'the route plans nothing for this event'
}

function notesOn(
  { channels, mode, findBy }: Route,
  chosen: Channel | undefined,
  customer: Scope['customer'],
  { genesys }: Config,
): string[] {
  const off = mode === 'off' ? ['the route is off: it plans nothing'] : []
  if (chosen === undefined) return off
  const own = channels.includes(chosen)
    ? []
    : [`the route does not use ${chosen}: its channels are ${channels.join(', ')}`]
  const block = genesys[chosen] === null ? [`the configuration has no genesys.${chosen}`] : []
  const reached = firstChannel(customer, { channels: [chosen], findBy }) !== undefined
  const nobody = reached ? [] : [`the event names nothing that leads to the customer over ${chosen}`]
  return [...own, ...block, ...nobody, ...off]
}
