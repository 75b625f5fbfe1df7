import type { Config, Route } from '../config/config.ts'
import { messageOf } from '../errors.ts'
import { happenedAt, type ReadEvent, type RouteNote } from '../event.ts'
import type { Plan } from '../ledger/ledger.ts'
import type { Customer, PlannedMessage, Policies } from '../message.ts'
import { namesOf, type Space } from '../names.ts'
import { afterQuietHours, quietReason } from '../quiet-hours.ts'
import { type Scope, scopeOf } from '../scope.ts'
import { type Cancels, cancelKeysOf, cancelsOf, isMeant } from './cancel.ts'
import { customerOf } from './customer.ts'
import { policiesOf } from './policies.ts'
import { whyNobody } from './reach.ts'
import { saidOfCustomer, suppressionWords } from './said.ts'
import { spaceOf } from './space.ts'
import { isOnlyTest } from './test-event.ts'

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
  const cancels = cancelsOf(event, { ...scope, customer: event.customer }, config)
  notes.push(...cancels.notes)
  const said = saidOfCustomer(event, config)
  const { state, reasons } = verdict(event, notes, messages, cancels)
  const reason = [...reasons, suppressionWords(said)].filter((one) => one !== null).join('; ')
  return {
    state,
    reason: reason || null,
    notes,
    messages,
    configVersion: config.version,
    cancels: cancels.keys,
    ...said,
  }
}

function verdict(
  { source, type }: ReadEvent,
  notes: readonly RouteNote[],
  messages: readonly PlannedMessage[],
  cancels: Cancels,
): { state: Plan['state']; reasons: readonly string[] } {
  const words = (list: readonly RouteNote[]) => list.map(({ route, reason }) => `${route}: ${reason}`)
  const failed = notes.filter(({ outcome }) => outcome === 'failed')
  if (failed.length > 0) return { state: 'unplanned', reasons: words(failed) }
  if (messages.length > 0) return { state: 'planned', reasons: [] }
  if (notes.length > 0) return { state: 'unrouted', reasons: words(notes) }
  const heard = cancels.routes.length > 0 ? `, only cancelOn of ${cancels.routes.join(', ')}` : ''
  const inVain = cancels.isOnlyTest && heard ? [TEST_CANCELS] : []
  return { state: 'unrouted', reasons: [`no route listens to ${source}/${type}${heard}`, ...inVain] }
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
  const source = config.sources.get(event.source)
  const isNamed = route.customer?.externalId !== undefined
  const policies = policiesOf(route, event.source, config)
  const planned = planMessage({
    route: route.name,
    event,
    customer,
    space: spaceOf(source, isNamed, config),
    delayMs: route.delayMs,
    policies: once === null ? policies : { ...policies, once },
    defaultCountry: config.genesys.defaultCountry,
    cancelKeys: cancelKeysOf(route, { ...scope, customer }),
    mend: 'Mend the customer block of the route, or what the sender sends.',
  })
  if (planned.state !== 'scheduled') return planned
  if (isOnlyTest(event, config)) {
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

const TEST_EVENT =
  'The sender says that this event is a test, and tests reach nobody. To have them sent: acceptTests: true at the source.'
const TEST_CANCELS =
  'its sender calls it a test, which cancels nothing. To have tests count: acceptTests: true at the source'

/**
 * The message to a customer under these policies: `scheduled`, or `failed` where nothing that is named could lead to them. `space`: of their externalId.
 * `mend`: what an operator does then.
 */
export function planMessage(wanted: {
  route: string
  event: Pick<ReadEvent, 'occurredAt' | 'receivedAt'>
  customer: Customer
  space: Space | null
  policies: Policies
  delayMs: number
  defaultCountry: string | null
  cancelKeys: readonly string[]
  mend: string
}): PlannedMessage {
  const { route, event, customer, space, policies, delayMs, defaultCountry, cancelKeys, mend } = wanted
  const due = happenedAt(event) + delayMs
  const earliest = Math.max(event.receivedAt, due)
  const calm = afterQuietHours(earliest, policies.quietHours, customer, defaultCountry)
  const nobody = whyNobody(customer, policies)
  return {
    route,
    ...(nobody === null
      ? { state: 'scheduled', ...whyLater(calm, earliest) }
      : { state: 'failed', code: 'no-customer', reason: `${nobody} ${mend}` }),
    customer,
    policies,
    dueAt: calm.at,
    expireAt: due + policies.expireAfterMs,
    names: namesOf(customer, space, defaultCountry),
    cancelKeys,
  }
}

function whyLater({ at, zone }: ReturnType<typeof afterQuietHours>, earliest: number) {
  if (at === earliest || zone === null) return { code: null, reason: null }
  return { code: 'quiet-hours', reason: quietReason(zone) }
}

/** What the event's page says of a route that planned a message. */
export function noteOf({ route, reason }: PlannedMessage): RouteNote {
  return { route, outcome: 'planned', reason: reason ?? 'a message is planned' }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text
}
