import { consentOf } from '../consent.ts'
import { happenedAt } from '../event.ts'
import type { Channel, PlannedMessage } from '../message.ts'
import { afterQuietHours } from '../quiet-hours.ts'
import type { Caps, Wishes } from './simulate-customers.ts'
import type { Brakes, Cancellations } from './simulate-routes.ts'

/** A message whose time has come. */
export type Due = {
  event: { id: number; occurredAt: number; receivedAt: number }
  /** `channels`: those that lead to the customer, or else one with the reason why it does not. */
  candidate: { planned: PlannedMessage; channels: readonly Way[]; mayReceive: boolean }
}

/** `failure`: why it cannot be sent over this channel, whatever its customer's history. */
export type Way = { channel: Channel; failure: string | null }

export type Verdict =
  /** `channel`: over which it was sent, or would be. */
  | {
      kind: 'end'
      state: 'sent' | 'failed' | 'skipped' | 'cancelled'
      code: string | null
      channel: Channel | null
    }
  | { kind: 'defer'; until: number; by: Deferral }
  /** The brake of its route is exceeded. */
  | { kind: 'braked' }

export type Deferral = 'quiet-hours' | 'cap'

export type Rules = {
  cancellations: Pick<Cancellations<Due>, 'isCancelled'>
  caps: Caps
  wishes: Wishes
  brakes: Brakes
  defaultCountry: string | null
}

/**
 * Whether it is right to send now. The order is that of deliver/deliver.ts and of ledger/verbs/open-attempt.ts, and must agree with them: of several reasons the first is
 * named. What is let through counts for the brake; what is sent, the caller counts for the cap.
 */
export function open(due: Due, now: number, rules: Rules): Verdict {
  const { event, candidate } = due
  const { planned, channels, mayReceive } = candidate
  const { route, policies, customer, names } = planned
  if (planned.expireAt < now) return skip('expired')
  if (!mayReceive) return skip('only-to')
  const calm = afterQuietHours(now, policies.quietHours, customer, rules.defaultCountry)
  if (calm.at > now) return { kind: 'defer', until: calm.at, by: 'quiet-hours' }
  const [first, ...others] = channels
  if (first && first.failure !== null) return failed(first.failure)

  if (rules.cancellations.isCancelled(due)) {
    return { kind: 'end', state: 'cancelled', code: null, channel: null }
  }
  const isOpen = ({ channel }: Way) => !rules.wishes.isRefused(names, channel, now)
  const way = first && isOpen(first) ? first : others.find(isOpen)
  if (!way) return skip('suppressed')
  if (way.failure !== null) return failed(way.failure)
  if (policies.purpose === 'marketing') {
    const given = consentOf(customer.consent)
    const own = given === null ? null : { given, at: happenedAt(event) }
    if (!rules.wishes.agrees(names, own)) return skip('no-consent')
  }
  const fullUntil = policies.cap ? rules.caps.fullUntil(names, policies.cap, now) : null
  if (fullUntil !== null) {
    const hasTime = policies.onCap === 'defer' && fullUntil <= planned.expireAt
    return hasTime ? { kind: 'defer', until: fullUntil, by: 'cap' } : skip('cap')
  }
  if (policies.brake) {
    if (rules.brakes.isExceeded(route, policies.brake, now)) return { kind: 'braked' }
    rules.brakes.add(route, policies.brake, now)
  }
  const { channel } = way
  if (policies.mode === 'shadow') return { ...skip('shadow'), channel }
  return { kind: 'end', state: 'sent', code: null, channel }
}

function skip(code: string) {
  return { kind: 'end', state: 'skipped', code, channel: null } as const
}

function failed(code: string) {
  return { kind: 'end', state: 'failed', code, channel: null } as const
}
