import type { Config, Route } from '../config/config.ts'
import type { Policies } from '../message.ts'
import { groupsOf } from './cancel.ts'
import { externalSourceOf } from './space.ts'

/**
 * What a route says of its messages for events of a source, but for the key of `once`. One object for all of them, not to be changed: what becomes of it in the ledger is then made once too, and not for
 * each message.
 */
export function policiesOf(route: Route, source: string, config: Config): Policies {
  let known = made.get(config)
  if (known === undefined) {
    known = new Map()
    made.set(config, known)
  }
  const place = `${route.name}\0${source}`
  let policies = known.get(place)
  if (policies === undefined) {
    policies = Object.freeze(policiesFor(route, source, config))
    known.set(place, policies)
  }
  return policies
}

const made = new WeakMap<Config, Map<string, Policies>>()

function policiesFor(route: Route, source: string, config: Config): Policies {
  const isNamed = route.customer?.externalId !== undefined
  return {
    mode: route.mode === 'shadow' ? 'shadow' : 'live',
    findBy: route.findBy,
    externalSource: externalSourceOf(config.sources.get(source), isNamed, config),
    template: route.template,
    channels: route.channels,
    once: null,
    expireAfterMs: route.expireAfterMs,
    brake: route.brake,
    maxAttempts: route.maxAttempts,
    onUnconfirmed: route.onUnconfirmed,
    requireSessionMs: route.requireSessionMs,
    activeConversation: route.activeConversation,
    onUndelivered: route.onUndelivered,
    purpose: route.purpose,
    oncePerMs: route.oncePerMs,
    onRepeat: route.onRepeat,
    quietHours: route.quietHours,
    cap: route.cap,
    onCap: route.onCap,
    countsIn: groupsOf(route, config),
  }
}
