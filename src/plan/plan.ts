import type { Config, EventPattern, Route } from '../config/config.ts'
import { messageOf } from '../errors.ts'
import type { ReadEvent, RouteNote } from '../event.ts'
import type { Plan } from '../ledger/ledger.ts'
import type { Customer, ExternalSource, PlannedMessage, Policies } from '../message.ts'
import { type Scope, scopeOf } from '../scope.ts'
import { customerOf } from './customer.ts'
import { whyNobody } from './reach.ts'

/**
 * What an event calls for: for each route that listens to it a message, or the reason why not. Pure; nothing is asked but the event and the
 * configuration. A route that throws leaves the event `unplanned` and does not touch its neighbours.
 */
export function planEvent(event: ReadEvent, config: Config): Plan {
  const notes: RouteNote[] = []
  const messages: PlannedMessage[] = []
  const scope = scopeOf(event, event.payload)
  for (const route of config.routes) {
    if (!route.on.some((pattern) => isMeant(pattern, event))) continue
    try {
      const planned = planRoute(event, scope, route, config)
      if ('outcome' in planned) notes.push(planned)
      else {
        notes.push(noteOf(planned))
        messages.push(planned)
      }
    } catch (error) {
      const reason = `could not be planned: ${firstLine(messageOf(error))}. Mend the route, then: postrider events replan`
      notes.push({ route: route.name, outcome: 'failed', reason })
    }
  }
  return { ...verdict(event, notes, messages), notes, messages, configVersion: config.version }
}

/** By our word for what happened, or by the sender's own. */
function isMeant(pattern: EventPattern, { source, type, senderType }: ReadEvent): boolean {
  return pattern.matches(source, type) || (senderType !== type && pattern.matches(source, senderType))
}

function verdict(
  event: ReadEvent,
  notes: readonly RouteNote[],
  messages: readonly PlannedMessage[],
): Pick<Plan, 'state' | 'reason'> {
  const words = (list: readonly RouteNote[]) =>
    list.map(({ route, reason }) => `${route}: ${reason}`).join('; ')
  const failed = notes.filter(({ outcome }) => outcome === 'failed')
  if (failed.length > 0) return { state: 'unplanned', reason: words(failed) }
  if (messages.length > 0) return { state: 'planned', reason: null }
  if (notes.length === 0)
    return { state: 'unrouted', reason: `no route listens to ${event.source}/${event.type}` }
  return { state: 'unrouted', reason: words(notes) }
}

function planRoute(event: ReadEvent, scope: Scope, route: Route, config: Config): PlannedMessage | RouteNote {
  if (route.mode === 'off') return { route: route.name, outcome: 'off', reason: 'the route is off' }
  if (route.when && !route.when.holds(scope)) {
    return {
      route: route.name,
      outcome: 'condition-false',
      reason: `the condition ${route.when.text} is false`,
    }
  }
  const customer = customerOf(scope, route.customer, event.customer)
  const once = route.once ? (route.once.value({ ...scope, customer }) ?? null) : null
  const planned = planMessage({
    route: route.name,
    event,
    customer,
    delayMs: route.delayMs,
    policies: {
      mode: route.mode === 'shadow' ? 'shadow' : 'live',
      findBy: route.findBy,
      externalSource: externalSourceOf(event.source, route, config),
      template: route.template,
      channels: route.channels,
      once,
      expireAfterMs: route.expireAfterMs,
      brake: route.brake,
      maxAttempts: route.maxAttempts,
      onUnconfirmed: route.onUnconfirmed,
      requireSessionMs: route.requireSessionMs,
      activeConversation: route.activeConversation,
      onUndelivered: route.onUndelivered,
    },
    mend: 'Mend the customer block of the route, or what the sender sends.',
  })
  if (planned.state !== 'scheduled') return planned
  if (event.isTest && !config.sources.get(event.source)?.acceptTests) {
    return { ...planned, state: 'skipped', code: 'test-event', reason: TEST_EVENT }
  }
  if (!route.once || once !== null) return planned
  return {
    ...planned,
    state: 'failed',
    code: 'once-key-empty',
    reason: `once (${route.once.text}) comes to nothing for this event, so that it cannot be told from others. Mend the route or the event, then re-trigger.`,
  }
}

/** Ids that a route names are the operator's; those that a preset reads may be the sender's own, and another's elsewhere. */
function externalSourceOf(name: string, route: Route, { sources, genesys }: Config): ExternalSource | null {
  const source = sources.get(name)
  if (source?.externalSource) return source.externalSource
  return source?.ownIds && route.customer?.externalId === undefined ? null : genesys.externalSource
}

const TEST_EVENT =
  'The sender says that this event is a test, and tests reach nobody. To have them sent: acceptTests: true at the source.'

/**
 * The message to a customer under these policies: `scheduled`, or `failed` where nothing that is named could lead to them. `mend`: what an operator
 * does then.
 */
export function planMessage(wanted: {
  route: string
  event: Pick<ReadEvent, 'occurredAt' | 'receivedAt'>
  customer: Customer
  policies: Policies
  delayMs: number
  mend: string
}): PlannedMessage {
  const { route, event, customer, policies, delayMs, mend } = wanted
  const due = beginsAt(event) + delayMs
  const nobody = whyNobody(customer, policies)
  return {
    route,
    state: nobody === null ? 'scheduled' : 'failed',
    code: nobody === null ? null : 'no-customer',
    reason: nobody === null ? null : `${nobody} ${mend}`,
    customer,
    policies,
    dueAt: Math.max(event.receivedAt, due),
    expireAt: due + policies.expireAfterMs,
  }
}

/** The event's own time. A sender's clock that is ahead must not hold a message back: nothing happened after it was received. */
function beginsAt(event: Pick<ReadEvent, 'occurredAt' | 'receivedAt'>): number {
  return Math.min(event.occurredAt, event.receivedAt)
}

/** What the event's page says of a route that planned a message. */
export function noteOf({ route, reason }: PlannedMessage): RouteNote {
  return { route, outcome: 'planned', reason: reason ?? 'a message is planned' }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text
}
