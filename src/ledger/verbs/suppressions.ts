import type { Channel } from '../../message.ts'
import type { Ledger } from '../ledger.ts'
import { kindOf } from '../names.ts'
import type { Audit } from './audit.ts'
import type { Store } from './store.ts'
import type { Wishes } from './wishes.ts'

/** What an operator writes down of whom must not be written to. */
export function createSuppressions({ clock, names: hashing }: Store, wishes: Wishes, audit: Audit) {
  return {
    suppress(names: readonly string[], refusal: Parameters<Ledger['suppress']>[1]): number {
      const now = clock.now()
      const hashes = hashing.hashesOf(names)
      const { channels, by, reason } = refusal
      const added = wishes.suppress(hashes, { ...refusal, saidAt: now }, now)
      const target = { ...told(hashes), channels: channels?.join(',') ?? 'all', added }
      if (added > 0) audit({ by, action: 'suppress', target, reason }, now)
      return added
    },
    allow(names: readonly string[], channel: Channel | null, by: string): number {
      const now = clock.now()
      const hashes = hashing.hashesOf(names)
      const lifted = wishes.allow(hashes, channel, now)
      if (lifted > 0) {
        audit({ by, action: 'allow', target: { ...told(hashes), channels: channel ?? 'all', lifted } }, now)
      }
      return lifted
    },
  }
}

/** Who it was, as the trail may have it: of which names, and the beginning of each one's keyed hash, as the list of refusals shows it. */
function told(hashes: readonly Buffer[]): { kinds: string; hashes: string } {
  return {
    kinds: hashes.map((hash) => kindOf(hash) || 'other').join(','),
    hashes: hashes.map((hash) => hash.toString('hex').slice(0, 8)).join(','),
  }
}
