import { randomUUID } from 'node:crypto'
import type { Config, RenderResult, Route } from '../../config/config.ts'
import type { ReadEvent } from '../../event.ts'
import { type Channel, type Customer, identifiersFor, type Message } from '../../message.ts'
import { groupsOf } from '../../plan/cancel.ts'
import { previewRoute } from '../../plan/check.ts'
import { externalSourceOf } from '../../plan/space.ts'
import { scopeOf } from '../../scope.ts'
import { type By, type Missing, missing, type Refused, refused } from './outcome.ts'
import { type Example, eventOf, type PreviewDeps, unknownRoute } from './preview.ts'
import { type ByHand, planByHand } from './send-event.ts'
import { namesMeant, type Written } from './whom.ts'

/** A test that is sent hours later surprises whoever waits for it no longer. */
const EXPIRES_MS = 3_600_000
/** Each test has a key of its own. */
const KEEP_KEY_MS = 86_400_000

export type TestMessage = {
  route: string
  of: Example
  /** Who gets it. The example's name, language and time zone are kept: they are part of what is tried out. */
  to: Written
  /** Instead of what the example says. */
  locale?: string | undefined
  /** Instead of the route's channels. */
  channels?: readonly Channel[] | undefined
}

/**
 * Plans what a route says for an example to a customer whom the operator names; the service sends it like any other message of `postrider send`: `onlyTo`, suppressions, pauses and the budget hold.
 * Sent even where the route is in shadow, which is what a test is for. Refused where what would be sent is not what the route would say.
 */
export async function sendTest(
  deps: PreviewDeps,
  { by }: By,
  wanted: TestMessage,
): Promise<{ kind: 'planned'; message: Message } | Missing | Refused> {
  const { config, ledger, clock } = deps
  const unknown = unknownRoute(wanted.route, config)
  if (unknown) return unknown
  const route = config.routes.find(({ name }) => name === wanted.route)
  if (!route) return missing(`There is no route ${wanted.route}.`)
  const found = await eventOf(wanted.of, route.name, deps)
  if (found.kind !== 'read') return found
  const { event } = found
  const shown = previewRoute(config, route.name, event, { locale: wanted.locale })
  if (shown.kind === 'not-planned') return refused(`The route says nothing: ${shown.reason}`)

  const externalSource = externalSourceOf(
    config.sources.get(event.source),
    route.customer?.externalId !== undefined,
    config,
  )
  const { defaultCountry } = config.genesys
  const meant = namesMeant(wanted.to, { space: externalSource, defaultCountry }, false)
  if (meant.kind === 'nobody') {
    return refused(
      `Nothing was planned: ${meant.faults.join('; ') || 'nobody is named: externalId, email or phone'}.`,
    )
  }
  const channels = wanted.channels ?? route.channels
  const without = channels.filter((channel) => config.genesys[channel] === null)
  if (without.length > 0)
    return refused(`Nothing was planned: ${config.file} says nothing of ${without.join(', ')}.`)

  const now = clock.now()
  const name = `test.${route.name}`
  const { locale, timezone, name: called } = shown.customer
  const customer = withoutNone({ ...wanted.to, name: called, locale, timezone })
  const byHand = planByHand(
    {
      ...bodyOf(event),
      key: `${name}/${randomUUID()}`,
      type: `send.${name}`,
      customer,
      said: {
        mode: 'live',
        template: route.template,
        channels,
        findBy: route.findBy,
        externalSource,
        requireSessionMs: null,
        expireAfterMs: EXPIRES_MS,
      },
      configVersion: config.version,
      countsIn: groupsOf({ cap: null }, config),
      defaultCountry,
    },
    now,
  )
  const [planned] = byHand.plan.messages
  if (planned?.state !== 'scheduled')
    return refused(`Nothing was planned: ${planned?.reason ?? 'there is no message'}`)
  const differs = whyDifferent(
    { event, byHand: byHand.event, customer: planned.customer, route, channels },
    config,
  )
  if (differs !== null) return refused(`Nothing was planned: ${differs}`)

  const [recorded] = await ledger.record([{ kind: 'event', ...byHand, keepKeyForMs: KEEP_KEY_MS, by }])
  const id = recorded?.kind === 'recorded' ? recorded.messageIds[0] : undefined
  const message = id === undefined ? null : await ledger.reads.message(id)
  if (message) return { kind: 'planned', message }
  return refused('The ledger did not take it: see the events of the source cli.')
}

/** What templates read of an event, as far as a body by hand can say it too. */
function bodyOf({ payload }: ReadEvent): Pick<ByHand, 'data' | 'payload'> {
  const { data } = scopeOf(
    { source: '', type: '', senderType: '', key: '', subject: null, occurredAt: 0 },
    payload,
  )
  return {
    data: isObject(data) ? data : {},
    payload: isObject(payload) && !Array.isArray(payload) ? payload : {},
  }
}

/** Why the text would not be the route's; null: it would. Rendered over every channel that may be tried, because which it will be is known only when it is sent. */
function whyDifferent(
  {
    event,
    byHand,
    customer,
    route,
    channels,
  }: { event: ReadEvent; byHand: ReadEvent; customer: Customer; route: Route; channels: readonly Channel[] },
  { templates }: Pick<Config, 'templates'>,
): string | null {
  const reached = channels.filter((channel) =>
    identifiersFor(channel, route.findBy).some((name) => customer[name] !== undefined),
  )
  for (const channel of reached) {
    const meant = templates.render(route.template, channel, scopeOf(event, event.payload, customer))
    const sent = templates.render(route.template, channel, scopeOf(byHand, byHand.payload, customer))
    if (meant.kind === 'unrenderable') return meant.reason
    if (sent.kind === 'unrenderable' || textOf(sent) !== textOf(meant)) {
      return `over ${channel} the text would not be the route’s: its template reads what only the event itself has, such as event.type or its sender’s customer. A preview shows it.`
    }
  }
  return null
}

function textOf(result: Extract<RenderResult, { kind: 'rendered' }>): string {
  return JSON.stringify(result.rendered)
}

function withoutNone(customer: { [Name in keyof Customer]?: string | undefined }): Customer {
  return Object.fromEntries(Object.entries(customer).filter(([, value]) => value !== undefined))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
