import { afterQuiet } from './quiet.ts'
import { end, eventOf, happenedAt, namesOf, type Reference, type Said, takeKey } from './reference.ts'
import { refuse, saidIn, wordAt } from './reference-wishes.ts'
import { REFUSALS, RULES, type Rule } from './rules.ts'
import type { Told } from './world.ts'

/** Records an event; its id, or null where it is known. */
export function record(ref: Reference, told: Told): number | null {
  if (ref.events.some(({ source, key }) => source === told.source && key === told.key)) return null
  const event = ref.events.push(told)
  plan(ref, event)
  return event
}

/** What an event takes back and says of its customer, then what it calls for. Of an event that was recorded before: what it has not got yet. */
export function plan(ref: Reference, event: number): void {
  const told = eventOf(ref, event)
  const names = namesOf(told)
  for (const rule of RULES) {
    if (rule.cancelOn === told.type && told.ticket !== null) cancelBy(ref, event, keyOf(rule, told.ticket))
  }
  if (!told.isTest) {
    const given = saidIn(told)
    if (given !== null) for (const name of names) ref.words.push({ name, given, at: wordAt(told) })
    const refused = REFUSALS[told.type]
    if (refused !== undefined) refuse(ref, names, refused ?? ['all'], told.receivedAt)
  }
  for (const rule of RULES) {
    const has =
      ref.replaced.has(`${event} ${rule.name}`) ||
      ref.messages.some((one) => one.event === event && one.rule === rule)
    if (rule.on === told.type && !has) add(ref, messageFor(ref, event, rule))
  }
}

function messageFor(ref: Reference, event: number, rule: Rule): Said {
  const told = eventOf(ref, event)
  const { customer, occurredAt, receivedAt } = told
  // A sender's clock that is ahead holds nothing back.
  const due = Math.min(occurredAt, receivedAt) + rule.delayMs
  const earliest = Math.max(receivedAt, due)
  const dueAt = afterQuiet(earliest, rule, customer)
  const [channel = 'sms'] = rule.channels
  const once = rule.once === null ? null : told[rule.once]
  const isReachable = rule.channels.some((one) => (one === 'email' ? customer.email : customer.phone))
  const end = !isReachable
    ? (['failed', 'no-customer'] as const)
    : told.isTest
      ? (['skipped', 'test-event'] as const)
      : rule.once !== null && once === null
        ? (['failed', 'once-key-empty'] as const)
        : (['scheduled', dueAt > earliest ? 'quiet-hours' : null] as const)
  return {
    id: ref.messages.length + 1,
    event,
    rule,
    state: end[0],
    code: end[1],
    customer,
    names: namesOf(told),
    once: once === null ? null : keyOf(rule, once),
    skippedFor: null,
    cancelKey: rule.cancelOn === null || told.ticket === null ? null : keyOf(rule, told.ticket),
    cancelFrom: 0,
    dueAt,
    expireAt: due + rule.expireAfterMs,
    channel,
    attempts: 0,
    failures: 0,
    manual: false,
    lookAt: null,
    lease: null,
  }
}

function add(ref: Reference, message: Said): void {
  if (message.state === 'scheduled' && message.rule.replace && replace(ref, message)) return
  ref.messages.push(message)
  if (message.state !== 'scheduled') return
  if (isCancelled(ref, message)) {
    message.state = 'cancelled'
    message.code = 'cancelled'
  } else {
    message.skippedFor = takeKey(ref, message)
    if (message.skippedFor === null) return
    message.state = 'skipped'
    message.code = 'once'
  }
}

/** A newer event of the key moves the message that waits for its first attempt, and gives it its data. */
function replace(ref: Reference, newer: Said): boolean {
  const holder = newer.once === null ? undefined : ref.keys.get(newer.once)
  const old = ref.messages.find(({ id }) => id === holder?.id)
  if (old?.state !== 'scheduled' || old.attempts > 0 || old.manual) return false
  if (happenedAt(ref, old.event) > happenedAt(ref, newer.event)) return false
  if (isCancelled(ref, newer)) return false
  ref.turns.delete(old.id)
  ref.replaced.add(`${old.event} ${old.rule.name}`)
  Object.assign(old, { ...newer, id: old.id, code: 'replaced' })
  ref.keys.set(newer.once ?? '', { id: old.id, takenAt: ref.now })
  return true
}

function cancelBy(ref: Reference, event: number, key: string): void {
  const at = happenedAt(ref, event)
  ref.cancellations.push({ key, event, happenedAt: at })
  for (const message of ref.messages) {
    if (!isCancelledBy(ref, message, { key, event, happenedAt: at })) continue
    if (message.state === 'sending') message.code = 'cancelled-late'
    if (message.state !== 'scheduled') continue
    end(ref, message, 'cancelled', 'cancelled')
    passKey(ref, message)
  }
}

/** Its key goes to the one that happened first of those that were skipped for its sake, are not too late and that nothing cancels; the others are skipped for that one then. */
export function passKey(ref: Reference, cancelled: Said): void {
  const waiting = ref.messages.filter(
    ({ state, skippedFor }) => state === 'skipped' && skippedFor === cancelled.id,
  )
  const [next] = waiting
    .filter((message) => message.expireAt >= ref.now && !isCancelled(ref, message))
    .sort((a, b) => happenedAt(ref, a.event) - happenedAt(ref, b.event) || a.id - b.id)
  if (!next || takeKey(ref, next) !== null) return
  next.state = 'scheduled'
  next.code = 'key-freed'
  for (const message of waiting) message.skippedFor = message === next ? null : next.id
}

export function isCancelled(ref: Reference, message: Said): boolean {
  return ref.cancellations.some((one) => isCancelledBy(ref, message, one))
}

function isCancelledBy(
  ref: Reference,
  message: Said,
  { key, event, happenedAt: at }: Reference['cancellations'][number],
): boolean {
  const own = happenedAt(ref, message.event)
  const calls = ref.messages.some((one) => one.event === event && one.rule === message.rule)
  // Of two at once that both call for a message the later one stays.
  const isLater = at > own || (at === own && (event > message.event || !calls))
  return message.cancelKey === key && event !== message.event && event > message.cancelFrom && isLater
}

function keyOf(rule: Rule, value: string): string {
  return `${rule.name} ${value}`
}
