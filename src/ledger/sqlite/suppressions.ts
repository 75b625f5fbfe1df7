import type { Channel } from '../../message.ts'
import type { Ledger } from '../ledger.ts'
import type { Store } from './store.ts'
import type { Wishes } from './wishes.ts'

/** What an operator writes down of whom must not be written to. */
export function createSuppressions({ clock, names: hashing }: Store, wishes: Wishes) {
  return {
    suppress(names: readonly string[], refusal: Parameters<Ledger['suppress']>[1]): number {
      const now = clock.now()
      return wishes.suppress(hashing.hashesOf(names), { ...refusal, saidAt: now }, now)
    },
    allow(names: readonly string[], channel: Channel | null): number {
      return wishes.allow(hashing.hashesOf(names), channel, clock.now())
    },
  }
}
