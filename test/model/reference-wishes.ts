import { CHANNELS, type Channel } from '../../src/message.ts'
import { eventOf, type Reference, type Said } from './reference.ts'
import type { Told } from './world.ts'

/** Nobody writes to them any more. What was lifted since it was said stays so. Answers how many are new. */
export function refuse(
  ref: Reference,
  names: readonly string[],
  channels: readonly string[],
  at: number,
): number {
  let added = 0
  for (const name of names) {
    for (const channel of channels) {
      const standing = ref.refusals.get(`${name} ${channel}`)
      if (standing && (standing.liftedAt === null || standing.liftedAt > at)) continue
      ref.refusals.set(`${name} ${channel}`, { liftedAt: null })
      added += 1
    }
  }
  return added
}

/** Answers how many are lifted. `channel` null: whatever the channel. */
export function allow(ref: Reference, names: readonly string[], channel: string | null): number {
  let lifted = 0
  for (const name of names) {
    for (const on of channel === null ? ['all', ...CHANNELS] : [channel]) {
      const standing = ref.refusals.get(`${name} ${on}`)
      if (standing?.liftedAt !== null) continue
      standing.liftedAt = ref.now
      lifted += 1
    }
  }
  return lifted
}

export function isRefused(ref: Reference, { names }: Said, channel: Channel): boolean {
  const refuses = (name: string, on: string) => ref.refusals.get(`${name} ${on}`)?.liftedAt === null
  return names.some((name) => refuses(name, 'all') || refuses(name, channel))
}

/** Whether the customer agrees to marketing; null: the event does not say. */
export function saidIn({ type, customer }: Told): boolean | null {
  if (type === 'customer.consent_given') return true
  if (type === 'customer.consent_withdrawn') return false
  return consentOf(customer)
}

/** Nothing was said after it was received. */
export function wordAt({ occurredAt, receivedAt }: Told): number {
  return Math.min(occurredAt, receivedAt)
}

/** Whether the event's own word is a yes; null: neither yes nor no. */
function consentOf({ consent }: Told['customer']): boolean | null {
  return consent === 'yes' ? true : consent === 'no' ? false : null
}

/** The newest word of any of the customer's names, and of the event itself; of two at once the no counts. */
export function agrees(ref: Reference, { names, event, customer }: Said): boolean {
  const own = consentOf(customer)
  const words = ref.words.filter(({ name }) => names.includes(name))
  if (own !== null) words.push({ name: '', given: own, at: wordAt(eventOf(ref, event)) })
  const newest = Math.max(...words.map(({ at }) => at))
  const last = words.filter(({ at }) => at === newest)
  return last.length > 0 && last.every(({ given }) => given)
}
