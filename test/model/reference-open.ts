import type { Channel } from '../../src/message.ts'
import { afterQuiet } from './quiet.ts'
import { end, type Reference, type Said, sharesName } from './reference.ts'
import { heldBy, isPaused } from './reference-claim.ts'
import { isCancelled, passKey } from './reference-receiving.ts'
import { agrees, isRefused } from './reference-wishes.ts'

/** Until when a claimed message has to wait for its customer's morning; null: it has not. */
export function quietEnd(ref: Reference, { rule, customer, manual }: Said): number | null {
  const at = manual ? ref.now : afterQuiet(ref.now, rule, customer)
  return at === ref.now ? null : at
}

/** The last look. Answers what the ledger calls it, with the code where it has one. */
export function open(ref: Reference, id: number, mark: number, channel: Channel): string {
  const message = heldBy(ref, id, mark)
  if (message?.state !== 'scheduled') return 'lost'
  if (isPaused(ref, message, channel)) {
    message.channel = channel
    giveBack(ref, message)
    return 'paused'
  }
  const skip = (code: string) => {
    end(ref, message, 'skipped', code)
    return `skipped ${code}`
  }
  if (message.expireAt < ref.now) return skip('expired')
  if (isCancelled(ref, message)) {
    end(ref, message, 'cancelled', 'cancelled')
    passKey(ref, message)
    return 'cancelled'
  }
  if (isRefused(ref, message, channel)) {
    const next = channelLeft(ref, message, channel)
    if (next === null) return skip('suppressed')
    message.channel = next
    message.code = 'next-channel'
    giveBack(ref, message)
    return 'deferred next-channel'
  }
  if (message.rule.marketing && !agrees(ref, message)) return skip('no-consent')
  const fullUntil = capFullUntil(ref, message)
  if (fullUntil !== null) {
    if (!message.rule.deferOnCap || fullUntil > message.expireAt) return skip('cap')
    message.dueAt = fullUntil
    message.code = 'cap'
    giveBack(ref, message)
    return 'deferred cap'
  }
  if (message.rule.shadow && !message.manual) {
    message.channel = channel
    return skip('shadow')
  }
  ref.attempts.push({
    id: ref.attempts.length + 1,
    message: id,
    outcome: 'open',
    openedAt: ref.now,
    channel,
    names: message.names,
    groups: ['all', ...(message.rule.cap ? [message.rule.cap.group] : [])],
  })
  message.state = 'sending'
  message.code = null
  message.channel = channel
  message.attempts += 1
  return 'open'
}

/** The next channel that has an address and was not refused; null: none is left. */
function channelLeft(ref: Reference, message: Said, refused: Channel): Channel | null {
  const { rule, customer } = message
  const at = rule.channels.indexOf(refused)
  const left = at < 0 ? [] : rule.channels.slice(at + 1)
  const hasAddress = (channel: Channel) =>
    (channel === 'email' ? customer.email : customer.phone) !== undefined
  return left.find((channel) => hasAddress(channel) && !isRefused(ref, message, channel)) ?? null
}

function giveBack(ref: Reference, message: Said): void {
  message.lease = null
  ref.turns.delete(message.id)
}

/** When the customer may get another one of the group; null: now. What certainly failed does not count, nor what was tried of the message itself. */
function capFullUntil(ref: Reference, { id, names, rule: { cap } }: Said): number | null {
  if (cap === null) return null
  const counted = ref.attempts
    .filter(({ foundAbsent }) => !foundAbsent)
    .filter(({ outcome, openedAt }) => outcome !== 'failed' && openedAt > ref.now - cap.perMs)
    .filter((one) => one.groups.includes(cap.group) && one.message !== id && sharesName(one.names, names))
    .map(({ openedAt }) => openedAt)
    .sort((a, b) => b - a)
  const last = counted[cap.messages - 1]
  return last === undefined ? null : last + cap.perMs
}
