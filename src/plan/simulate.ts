import { happenedAt } from '../event.ts'
import type { Plan } from '../ledger/ledger.ts'
import type { Channel, PlannedMessage } from '../message.ts'
import { createCaps, createWishes, type During, type Word } from './simulate-customers.ts'
import { type Deferral, type Due, open } from './simulate-open.ts'
import { createQueue } from './simulate-queue.ts'
import { createBrakes, createCancellations, createOnceKeys } from './simulate-routes.ts'

/** An event as it is planned now. `isReplay`: its body came before as another type, so that it is kept and not planned. */
export type Planned<Note> = {
  event: { id: number; occurredAt: number; receivedAt: number }
  plan: Pick<Plan, 'cancels' | 'names' | 'consent' | 'suppress'>
  messages: readonly Candidate<Note>[]
  isReplay: boolean
}

/** A message and what can be told of it without its customer's history. `note`: whatever the caller wants to have back. */
export type Candidate<Note> = Due['candidate'] & { note: Note }

/** What would become of a message. `at`: when, epoch milliseconds; `deferredBy`: what put it off last. */
export type Outcome = {
  /** `replaced`: a newer event of its key took its place. `scheduled`: its route's brake holds it for a person. */
  state: 'sent' | 'failed' | 'skipped' | 'cancelled' | 'replaced' | 'scheduled'
  code: string | null
  /** Over which it was sent, or would be. */
  channel: Channel | null
  at: number
  deferredBy: Deferral | null
}

export type Simulation<Note> = {
  /** Events in the order of their receipt. */
  record(planned: Planned<Note>): void
  /** How many messages that `isAwaited` still have their time before them. */
  awaited(): number
  /** Lets the time of whatever waits come. */
  finish(): void
  /** What is known of customers already: that one refuses `channel` (null: all), and a word about marketing. */
  refused(name: string, channel: Channel | null, during: During): void
  consented(name: string, word: Word): void
}

type Waiting<Note> = {
  id: number
  event: Planned<Note>['event']
  candidate: Candidate<Note>
  /** `held`: by the brake of its route. `over`: also where it is skipped for the sake of one that may be cancelled still. */
  place: 'queue' | 'held' | 'over'
  deferredBy: Deferral | null
}

/**
 * Goes through events and the messages that they call for in the order of time, in memory: records them as ledger/verbs/record.ts and insert-messages.ts do, and opens
 * them when they are due. Every request is answered well and at once; nobody pauses, resumes or re-triggers anything. `ended` is told of each message once.
 */
export function createSimulation<Note>({
  defaultCountry,
  isAwaited,
  ended,
}: {
  defaultCountry: string | null
  isAwaited: (note: Note) => boolean
  ended: (candidate: Candidate<Note>, outcome: Outcome) => void
}): Simulation<Note> {
  type Message = Waiting<Note>
  const queue = createQueue<Message>()
  const once = createOnceKeys<Message>()
  const cancellations = createCancellations<Message>()
  const [caps, wishes, brakes] = [createCaps(), createWishes(), createBrakes()]
  const rules = { cancellations, caps, wishes, brakes, defaultCountry }
  /** By route that its brake stopped: what waits for a person. */
  const braked = new Map<string, Set<Message>>()
  /** By the message that holds their key: those that are skipped for that. */
  const skipped = new Map<Message, Message[]>()
  let lastId = 0
  let awaiting = 0
  let now = Number.NEGATIVE_INFINITY

  function letPass(until: number): void {
    for (let next = queue.takeBefore(until); next; next = queue.takeBefore(until)) {
      now = Math.max(now, next.at)
      if (next.item.place === 'queue') comeDue(next.item)
    }
  }

  function comeDue(message: Message): void {
    const { route, names, policies } = message.candidate.planned
    const held = braked.get(route)
    const verdict = held ? ({ kind: 'braked' } as const) : open(message, now, rules)
    if (verdict.kind === 'braked') {
      leaveQueue(message, 'held')
      braked.set(route, (held ?? new Set()).add(message))
    } else if (verdict.kind === 'defer') {
      message.deferredBy = verdict.by
      queue.add(message, verdict.until, message.id)
    } else {
      if (verdict.state === 'sent') caps.add(names, policies.countsIn, message.id, now)
      end(message, verdict.state, verdict.code, verdict.channel)
    }
  }

  function leaveQueue(message: Message, to: 'held' | 'over'): void {
    if (message.place === 'queue' && isAwaited(message.candidate.note)) awaiting -= 1
    message.place = to
  }

  function end(
    message: Message,
    state: Outcome['state'],
    code: string | null,
    channel: Channel | null = null,
  ): void {
    const { candidate, deferredBy } = message
    const { route, policies } = candidate.planned
    leaveQueue(message, 'over')
    braked.get(route)?.delete(message)
    cancellations.forget(message)
    if (policies.once !== null && state === 'sent') once.keep(route, policies.once, message)
    else if (policies.once !== null) once.release(route, policies.once, message)
    ended(candidate, { state, code, channel, at: now, deferredBy })
    const others = skipped.get(message) ?? []
    skipped.delete(message)
    const next = state === 'cancelled' ? takeOver(others) : null
    const rest = others.filter((one) => one !== next)
    if (next) skipped.set(next, rest)
    else for (const one of rest) end(one, 'skipped', 'once')
  }

  /** Who takes the key of a message that was cancelled, as ledger/verbs/pass-key.ts has it. */
  function takeOver(others: readonly Message[]): Message | null {
    const [next] = others
      .filter((one) => one.candidate.planned.expireAt >= now && !cancellations.isCancelled(one))
      .sort((a, b) => a.event.occurredAt - b.event.occurredAt || a.id - b.id)
    const { route, policies } = next?.candidate.planned ?? {}
    if (!next || !route || !policies || policies.once === null) return null
    if (!once.take(route, policies.once, next, policies.oncePerMs, now)) return null
    if (isAwaited(next.candidate.note)) awaiting += 1
    next.place = 'queue'
    wait(next)
    return next
  }

  function wait(message: Message): void {
    cancellations.expect(message)
    queue.add(message, message.candidate.planned.dueAt, message.id)
  }

  function heed({ event, plan, messages, isReplay }: Planned<Note>): void {
    const routes = new Set(isReplay ? [] : messages.map(({ planned }) => planned.route))
    for (const message of cancellations.add({ ...event, routes }, plan.cancels))
      end(message, 'cancelled', null)
    // A replay takes back, and gives nothing.
    if (plan.consent !== null && !(isReplay && plan.consent)) {
      wishes.consent(plan.names, { given: plan.consent, at: happenedAt(event) })
    }
    if (plan.suppress) wishes.suppress(plan.names, plan.suppress.channels, { since: now, until: null })
  }

  function insert(event: Message['event'], candidate: Candidate<Note>): void {
    const { planned, note } = candidate
    lastId += 1
    if (isAwaited(note)) awaiting += 1
    const deferredBy = wasDeferred(planned, event.receivedAt) ? 'quiet-hours' : null
    const message: Message = { id: lastId, event, candidate, place: 'queue', deferredBy }
    const refused =
      planned.state === 'scheduled' ? takeKey(message) : { state: planned.state, code: planned.code }
    if (!refused) {
      wait(message)
      return
    }
    const { route, policies } = planned
    const holder =
      refused.code === 'once' && policies.once !== null ? once.holder(route, policies.once) : null
    if (holder === null) {
      end(message, refused.state, refused.code)
      return
    }
    leaveQueue(message, 'over')
    skipped.set(holder, [...(skipped.get(holder) ?? []), message])
  }

  /** Null: the message may wait for its time. As ledger/verbs/insert-messages.ts and replace.ts do it. */
  function takeKey(message: Message): Pick<Outcome, 'state' | 'code'> | null {
    const { route, policies } = message.candidate.planned
    if (cancellations.isCancelled(message)) return { state: 'cancelled', code: null }
    if (policies.once === null) return null
    const older = once.holder(route, policies.once)
    if (policies.onRepeat === 'replace' && older && older.event.occurredAt <= message.event.occurredAt) {
      message.id = older.id
      once.pass(route, policies.once, older, message, now)
      skipped.set(message, skipped.get(older) ?? [])
      skipped.delete(older)
      end(older, 'replaced', null)
      return null
    }
    const isTaken = !once.take(route, policies.once, message, policies.oncePerMs, now)
    return isTaken ? { state: 'skipped', code: 'once' } : null
  }

  return {
    record({ event: { id, occurredAt, receivedAt }, ...rest }) {
      const planned = {
        event: { id, occurredAt: happenedAt({ occurredAt, receivedAt }), receivedAt },
        ...rest,
      }
      letPass(planned.event.receivedAt)
      now = Math.max(now, planned.event.receivedAt)
      heed(planned)
      if (!planned.isReplay) for (const candidate of planned.messages) insert(planned.event, candidate)
    },
    awaited: () => awaiting,
    finish() {
      letPass(Number.POSITIVE_INFINITY)
      for (const held of braked.values()) for (const message of held) end(message, 'scheduled', 'brake')
    },
    refused: (name, channel, during) => wishes.suppress([name], channel && [channel], during),
    consented: (name, word) => wishes.consent([name], word),
  }
}

/** Whether planning put it off already; it keeps when it would have been due by when it expires. */
function wasDeferred({ dueAt, expireAt, policies }: PlannedMessage, receivedAt: number): boolean {
  return dueAt > Math.max(receivedAt, expireAt - policies.expireAfterMs)
}
