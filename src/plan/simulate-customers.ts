import type { Cap, Channel } from '../message.ts'

export type Caps = ReturnType<typeof createCaps>
export type Wishes = ReturnType<typeof createWishes>

/** How often a customer was written to, by each of their names. Must agree with ledger/verbs/caps.ts. `now` never goes back. */
export function createCaps() {
  /** By group and name, the oldest first. */
  const sends = new Map<string, { id: number; at: number }[]>()
  const keyOf = (group: string, name: string) => `${group}\0${name}`

  return {
    /** When there is room again, where there is none now; null: there is room. */
    fullUntil(names: readonly string[], { messages, perMs, group }: Cap, now: number): number | null {
      const within = new Map<number, number>()
      for (const name of names) {
        for (const { id, at } of (sends.get(keyOf(group, name)) ?? []).slice(-messages)) {
          if (at > now - perMs) within.set(id, at)
        }
      }
      const last = [...within.values()].sort((a, b) => b - a)[messages - 1]
      return last === undefined ? null : last + perMs
    },
    add(names: readonly string[], groups: readonly string[], id: number, now: number): void {
      for (const name of names) {
        for (const group of groups) {
          const key = keyOf(group, name)
          const own = sends.get(key)
          if (own) own.push({ id, at: now })
          else sends.set(key, [{ id, at: now }])
        }
      }
    },
  }
}

/** A customer's word about marketing, and when it was said. */
export type Word = { given: boolean; at: number }

/** Of a refusal: when it began and when it was lifted (null: it stands), epoch milliseconds. */
export type During = { since: number; until: number | null }

/** What customers want. Must agree with ledger/verbs/wishes.ts. */
export function createWishes() {
  /** By channel and name; channel '': all. */
  const refusals = new Map<string, During[]>()
  const consents = new Map<string, Word>()
  const keyOf = (name: string, channel: string) => `${channel}\0${name}`
  const holds = ({ since, until }: During, now: number) => since <= now && (until === null || until > now)

  return {
    suppress(names: readonly string[], channels: readonly Channel[] | null, during: During): void {
      for (const name of names) {
        for (const channel of channels ?? ['']) {
          const known = refusals.get(keyOf(name, channel)) ?? []
          if (!known.some(({ since, until }) => until === null && since <= during.since)) {
            refusals.set(keyOf(name, channel), [...known, during])
          }
        }
      }
    },
    isRefused: (names: readonly string[], channel: Channel, now: number): boolean =>
      names.some((name) =>
        ['', channel].some((one) => refusals.get(keyOf(name, one))?.some((during) => holds(during, now))),
      ),
    consent(names: readonly string[], { given, at }: Word): void {
      for (const name of names) {
        const known = consents.get(name)
        if (!known || at > known.at || (at === known.at && !given)) consents.set(name, { given, at })
      }
    },
    /** Whether the newest word is a yes; of two at once the no counts. `own`: of the message's own event. */
    agrees(names: readonly string[], own: Word | null): boolean {
      const words = [...names.flatMap((name) => consents.get(name) ?? []), ...(own ? [own] : [])]
      const newest = Math.max(...words.map(({ at }) => at))
      const last = words.filter(({ at }) => at === newest)
      return last.length > 0 && last.every(({ given }) => given)
    },
  }
}
