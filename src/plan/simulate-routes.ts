import type { Brake, PlannedMessage } from '../message.ts'

export type Cancellations<Waiting extends Cancellable> = ReturnType<typeof createCancellations<Waiting>>
export type Brakes = ReturnType<typeof createBrakes>

/** Who holds which business key. Must agree with ledger/verbs/once.ts. */
export function createOnceKeys<Holder>() {
  /** `holder` null: it was sent, and keeps the key. */
  const taken = new Map<string, { holder: Holder | null; at: number }>()
  const keyOf = (route: string, key: string) => `${route}\0${key}`
  const heldBy = (route: string, key: string, holder: Holder) => {
    const known = taken.get(keyOf(route, key))
    return known?.holder === holder ? known : null
  }

  return {
    holder: (route: string, key: string): Holder | null => taken.get(keyOf(route, key))?.holder ?? null,
    /** True: it is the holder's now. One that was taken `perMs` ago or longer is free; null: none ever is. */
    take(route: string, key: string, holder: Holder, perMs: number | null, now: number): boolean {
      const known = taken.get(keyOf(route, key))
      if (known && (perMs === null || known.at > now - perMs)) return false
      taken.set(keyOf(route, key), { holder, at: now })
      return true
    },
    /** A newer event's message takes the holder's place, from now on. */
    pass(route: string, key: string, from: Holder, to: Holder, now: number): void {
      if (heldBy(route, key, from)) taken.set(keyOf(route, key), { holder: to, at: now })
    },
    /** The holder was sent: nobody takes its place any more. */
    keep(route: string, key: string, holder: Holder): void {
      const known = heldBy(route, key, holder)
      if (known) known.holder = null
    },
    release(route: string, key: string, holder: Holder): void {
      if (heldBy(route, key, holder)) taken.delete(keyOf(route, key))
    },
  }
}

/** An event: its id, when it happened, and the routes by which it has messages itself. */
type Happening = { id: number; occurredAt: number; routes: ReadonlySet<string> }
type Cancellable = {
  event: Pick<Happening, 'id' | 'occurredAt'>
  candidate: { planned: Pick<PlannedMessage, 'route' | 'cancelKeys'> }
}

/** Of one key. Some of them are no reason: the message's own event, and those of the same instant that call for the same. */
const MOST_KEPT = 4

/** What was cancelled, seen from both sides. Must agree with ledger/verbs/cancellations.ts. */
export function createCancellations<Waiting extends Cancellable>() {
  /** By key those that happened last. */
  const cancelled = new Map<string, readonly Happening[]>()
  const waiting = new Map<string, Set<Waiting>>()

  function cancels(by: Happening, { event, candidate }: Cancellable): boolean {
    if (by.id === event.id || by.occurredAt < event.occurredAt) return false
    return by.occurredAt > event.occurredAt || by.id > event.id || !by.routes.has(candidate.planned.route)
  }

  return {
    /** Answers the waiting messages that it cancels. */
    add(event: Happening, keys: readonly string[]): Waiting[] {
      for (const key of new Set(keys)) {
        const known = [...(cancelled.get(key) ?? []), event]
        cancelled.set(key, known.sort((a, b) => b.occurredAt - a.occurredAt).slice(0, MOST_KEPT))
      }
      const affected = new Set(keys.flatMap((key) => [...(waiting.get(key) ?? [])]))
      return [...affected].filter((message) => cancels(event, message))
    },
    expect(message: Waiting): void {
      for (const key of message.candidate.planned.cancelKeys) {
        const own = waiting.get(key)
        if (own) own.add(message)
        else waiting.set(key, new Set([message]))
      }
    },
    forget(message: Waiting): void {
      for (const key of message.candidate.planned.cancelKeys) {
        const own = waiting.get(key)
        own?.delete(message)
        if (own?.size === 0) waiting.delete(key)
      }
    },
    isCancelled: (message: Cancellable): boolean =>
      message.candidate.planned.cancelKeys.some((key) =>
        cancelled.get(key)?.some((by) => cancels(by, message)),
      ),
  }
}

/** Must agree with ledger/verbs/brake.ts. */
const BUCKETS = 60

/** How many messages each route let through. `now` never goes back. */
export function createBrakes() {
  const routes = new Map<string, { buckets: [bucket: number, count: number][]; sum: number }>()

  function within(route: string, { perMs }: Brake, now: number) {
    const width = Math.max(1, Math.ceil(perMs / BUCKETS))
    const counts = routes.get(route) ?? { buckets: [], sum: 0 }
    routes.set(route, counts)
    const oldest = Math.floor((now - perMs) / width)
    while (counts.buckets[0] !== undefined && counts.buckets[0][0] < oldest) {
      counts.sum -= counts.buckets.shift()?.[1] ?? 0
    }
    return { counts, bucket: Math.floor(now / width) }
  }

  return {
    isExceeded: (route: string, brake: Brake, now: number): boolean =>
      within(route, brake, now).counts.sum >= brake.messages,
    add(route: string, brake: Brake, now: number): void {
      const { counts, bucket } = within(route, brake, now)
      const last = counts.buckets.at(-1)
      if (last?.[0] === bucket) last[1] += 1
      else counts.buckets.push([bucket, 1])
      counts.sum += 1
    },
  }
}
