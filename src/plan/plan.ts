import type { Config, Route } from '../config/config.ts'
import { messageOf } from '../errors.ts'
import type { ReadEvent, RouteNote } from '../event.ts'
import type { Plan } from '../ledger/ledger.ts'
import { type Customer, type PlannedMessage, type Scope, scopeOf } from '../message.ts'
import { customerOf } from './customer.ts'

/**
 * What an event calls for: for each route that listens to it a message, or the reason why not. Pure; nothing is asked but the event and the
 * configuration. A route that throws leaves the event `unplanned` and does not touch its neighbours.
 */
export function planEvent(event: ReadEvent, config: Config): Plan {
  const notes: RouteNote[] = []
  const messages: PlannedMessage[] = []
  const scope = scopeOf(event, event.payload)
  for (const route of config.routes) {
    if (!route.on.some((pattern) => pattern.matches(event.source, event.type))) continue
    try {
      const planned = planRoute(event, scope, route, config)
      if ('outcome' in planned) notes.push(planned)
      else {
        notes.push({
          route: route.name,
          outcome: 'planned',
          reason: planned.reason ?? 'a message is planned',
        })
        messages.push(planned)
      }
    } catch (error) {
      const reason = `could not be planned: ${firstLine(messageOf(error))}. Mend the route, then: postrider events replan`
      notes.push({ route: route.name, outcome: 'failed', reason })
    }
  }
  return { ...verdict(event, notes, messages), notes, messages, configVersion: config.version }
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
  const customer = customerOf(scope, route.customer)
  const once = route.once ? (route.once.value({ ...scope, customer }) ?? null) : null
  const begins = beginsAt(event)
  const planned = (
    state: PlannedMessage['state'],
    code: string | null,
    reason: string | null,
  ): PlannedMessage => ({
    route: route.name,
    state,
    code,
    reason,
    customer,
    policies: {
      mode: route.mode === 'shadow' ? 'shadow' : 'live',
      findBy: route.findBy,
      externalSource: config.sources.get(event.source)?.externalSource ?? config.genesys.externalSource,
      template: route.template,
      channels: route.channels,
      once,
      expireAfterMs: route.expireAfterMs,
      brake: route.brake,
      maxAttempts: route.maxAttempts,
      onUnconfirmed: route.onUnconfirmed,
    },
    dueAt: Math.max(event.receivedAt, begins + route.delayMs),
    expireAt: begins + route.delayMs + route.expireAfterMs,
  })
  if (!canBeReached(customer, route)) return planned('failed', 'no-customer', nobodyReason(route))
  if (route.once && once === null) {
    return planned(
      'failed',
      'once-key-empty',
      `once (${route.once.text}) comes to nothing for this event, so that it cannot be told from others. Mend the route or the event, then re-trigger.`,
    )
  }
  return planned('scheduled', null, null)
}

/** The event's own time. A sender's clock that is ahead must not hold a message back: nothing happened after it was received. */
function beginsAt(event: ReadEvent): number {
  return Math.min(event.occurredAt, event.receivedAt)
}

/** Whether anything that is named could lead to the customer: an identifier to look up, or an address to write to. */
function canBeReached(customer: Customer, route: Route): boolean {
  const known = route.findBy.some((name) => customer[name] !== undefined)
  return route.channels.some((channel) => (channel === 'email' ? customer.email !== undefined : known))
}

function nobodyReason(route: Route): string {
  return `The event names no customer whom ${route.channels.join(' or ')} could reach (looked for ${route.findBy.join(', ')}). Mend the customer block of the route, or what the sender sends.`
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text
}
