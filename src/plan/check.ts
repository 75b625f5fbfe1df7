import type { Config } from '../config/config.ts'
import type { Expectation, Fixture } from '../config/fixtures.ts'
import type { ReadEvent, UnreadableEvent } from '../event.ts'
import {
  type Channel,
  type Message,
  type PlannedMessage,
  type ResponseTemplate,
  type Scope,
  scopeOf,
} from '../message.ts'
import { planEvent } from './plan.ts'
import { firstChannel } from './reach.ts'

/** How the source reads a delivery's body; passed in, because receiving depends on planning and not the other way about. */
export type Read = (
  raw: Buffer,
  meta: { source: string; key: string; receivedAt: number },
) => ReadEvent | UnreadableEvent

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
  if (!config.sources.has(fixture.source)) {
    return { file, foreseen: [], differences: [`the configuration has no source ${fixture.source}`] }
  }
  // Where the body does not say when it happened, it happened when it was received.
  const receivedAt = fixture.at(now).getTime()
  const event = read(fixture.bytes(now), { source: fixture.source, key: `fixture ${file}`, receivedAt })
  if ('reason' in event) {
    const differences = expect === null || expect.length === 0 ? [] : [`unreadable: ${event.reason}`]
    return { file, foreseen: [], differences }
  }
  const foreseen = planEvent(event, config).messages.map((message) => foresee(message, event, config))
  return { file, foreseen, differences: expect === null ? [] : differencesOf(expect, foreseen) }
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
  return policies.mode === 'shadow'
    ? seen('skipped', 'shadow', 'shadow: planned and shown, never sent', result.rendered.text)
    : seen('sent', null, null, result.rendered.text)
}

/** A line for each difference, empty where all is as expected. */
function differencesOf(expected: readonly Expectation[], foreseen: readonly Foreseen[]): string[] {
  const missing = expected.filter((one) => !foreseen.some((message) => message.route === one.route))
  const unexpected = foreseen.filter((message) => !expected.some((one) => one.route === message.route))
  return [
    ...missing.map((one) => `${one.route}: expected a message, none is planned`),
    ...unexpected.map(
      (message) => `${message.route}: a message is planned that was not expected (${message.state})`,
    ),
    ...foreseen.flatMap((message) => {
      const one = expected.find((candidate) => candidate.route === message.route)
      return one ? messageDifferences(one, message) : []
    }),
  ]
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
 * A message that is sent, and one that only Genesys' answer decides (nobody has the contact), look the same from here: planned and rendered.
 * A route in shadow would have sent it, so a fixture keeps its expectations while a route is tried out.
 */
function foreseenAs(expected: Expectation, message: Foreseen): boolean {
  if (expected.state === message.state) return true
  const rendered = message.state === 'sent' || message.code === 'shadow'
  return rendered && (expected.state === 'sent' || expected.state === 'scheduled' || !isForeseeable(expected))
}

/** Reasons that come from Genesys. */
const FROM_GENESYS: readonly string[] = [
  'no-contact',
  'no-session',
  'active-conversation',
  'not-found',
  'rejected',
  'destination-rejected',
]

function isForeseeable({ state, reason }: Expectation): boolean {
  return state !== 'unconfirmed' && !(reason !== undefined && FROM_GENESYS.includes(reason))
}

export type Preview =
  | {
      kind: 'shown'
      customer: Scope['customer']
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
  if (!message)
    return { kind: 'not-planned', reason: plan.reason ?? 'the route plans nothing for this event' }
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
    foreseen,
    subject: rendered?.subject ?? null,
    html: rendered?.html ?? null,
    whatsapp: rendered?.whatsapp ?? null,
    templateVersion: rendered?.templateVersion ?? null,
  }
}
