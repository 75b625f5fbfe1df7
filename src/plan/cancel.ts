import type { CancelOn, Config, EventPattern, Route } from '../config/config.ts'
import { messageOf } from '../errors.ts'
import type { ReadEvent, RouteNote } from '../event.ts'
import type { Scope } from '../scope.ts'
import { isOnlyTest } from './test-event.ts'

/** What a later event would have to say to cancel a message of this route: one key for each entry of `cancelOn` that comes to something for the message's own event. */
export function cancelKeysOf({ name, cancelOn }: Pick<Route, 'name' | 'cancelOn'>, scope: Scope): string[] {
  return cancelOn.flatMap((entry) => keyOf(name, entry, entry.equals.value(scope)))
}

/** `routes`: of whose messages, also where it is only a test and has no keys; `notes`: of routes that threw, which do not touch their neighbours. */
export type Cancels = {
  keys: readonly string[]
  routes: readonly string[]
  notes: readonly RouteNote[]
  isOnlyTest: boolean
}

/** What an event cancels, over all routes. Also of routes that are off: what they planned before may wait still. */
export function cancelsOf(
  event: ReadEvent,
  scope: Scope,
  config: Pick<Config, 'routes' | 'sources'>,
): Cancels {
  const keys: string[] = []
  const named: string[] = []
  const notes: RouteNote[] = []
  for (const { name, cancelOn } of config.routes) {
    try {
      const own = cancelOn.flatMap((entry) =>
        entry.on.some((pattern) => isMeant(pattern, event))
          ? keyOf(name, entry, entry.match.value(scope))
          : [],
      )
      keys.push(...own)
      if (own.length > 0) named.push(name)
    } catch (error) {
      const [why] = messageOf(error).split('\n')
      const reason = `cancelOn could not be looked at: ${why}. Mend the route, then: postrider events replan`
      notes.push({ route: name, outcome: 'failed', reason })
    }
  }
  const isTest = isOnlyTest(event, config)
  return { keys: isTest ? [] : keys, routes: named, notes, isOnlyTest: isTest }
}

/** Nothing matches nothing: an absent key must not cancel what lacks it too. */
function keyOf(route: string, { id }: CancelOn, value: string | undefined): string[] {
  return value === undefined ? [] : [[route, id, value].join('\0')]
}

/** By our word for what happened, or by the sender's own. */
export function isMeant(
  pattern: EventPattern,
  { source, type, senderType }: Pick<ReadEvent, 'source' | 'type' | 'senderType'>,
): boolean {
  return pattern.matches(source, type) || (senderType !== type && pattern.matches(source, senderType))
}

/** The groups of caps in which a route's messages count, of those that any route asks about. */
export function groupsOf({ cap }: Pick<Route, 'cap'>, { routes }: Pick<Config, 'routes'>): string[] {
  const asked = new Set(routes.flatMap((route) => (route.cap ? [route.cap.group] : [])))
  const own = cap ? ['all', cap.group] : ['all']
  return [...new Set(own)].filter((group) => asked.has(group))
}
