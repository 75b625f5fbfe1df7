import type { Channel } from '../../message.ts'
import { kindOf, parted } from '../names.ts'
import { clean } from '../rows.ts'
import type { Store } from './store.ts'

/** What customers want: who said no, and who agreed to marketing. */
export type Wishes = {
  /** `hashes`: of names. `channels` null: all. One that stands already keeps its time and its reason; one that was lifted after `saidAt` stays lifted. Answers how many are new. */
  suppress(hashes: readonly Buffer[], refusal: Refusal & { saidAt: number }, now: number): number
  /** The customer refuses messages over this channel, says Genesys. `names`: as the message's row has them. */
  optOut(names: Uint8Array | null, channel: string, now: number): void
  /** Answers how many are lifted. `channel` null: whatever the channel. */
  allow(hashes: readonly Buffer[], channel: Channel | null, now: number): number
  /** Why this customer must not be written to over this channel; null: nobody said no. */
  refusal(names: Uint8Array | null, channel: string): string | null
  consent(hashes: readonly Buffer[], given: boolean, at: number): void
  /** Whether the newest word is a yes: of any of the names, and of the message's own event. Of two at once the no counts. */
  agrees(names: Uint8Array | null, own: { given: boolean; at: number } | null): boolean
}

type Refusal = { channels: readonly Channel[] | null; reason: string; by: string }

/** By which of the customer's names: there may be more than one to take out again. */
function byName(kind: string): string {
  return kind === '' ? '' : ` (by their ${kind})`
}

/** Stands for all channels in the key of a row. */
const ALL = ''

const OPTED_OUT = 'Genesys Cloud says that the customer opted out'

export function createWishes({ prepare }: Pick<Store, 'prepare'>): Wishes {
  const suppress = prepare(
    `INSERT INTO suppressions (hash, channel, kind, reason, "by", since) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (hash, channel) DO UPDATE
       SET reason = excluded.reason, "by" = excluded."by", since = excluded.since, lifted_at = NULL
       WHERE suppressions.lifted_at <= ?`,
  )
  const allow = prepare('UPDATE suppressions SET lifted_at = ? WHERE hash = ? AND lifted_at IS NULL')
  const allowOne = prepare(
    'UPDATE suppressions SET lifted_at = ? WHERE hash = ? AND channel = ? AND lifted_at IS NULL',
  )
  const refusal = prepare<{ channel: string; reason: string; since: number }>(
    `SELECT channel, reason, since FROM suppressions WHERE hash = ? AND channel IN ('', ?) AND lifted_at IS NULL LIMIT 1`,
  )
  const consent = prepare(
    `INSERT INTO consents (hash, given, at) VALUES (?, ?, ?)
     ON CONFLICT (hash) DO UPDATE SET given = excluded.given, at = excluded.at
     WHERE excluded.at > consents.at OR (excluded.at = consents.at AND excluded.given = 0)`,
  )
  const said = prepare<{ given: number; at: number }>('SELECT given, at FROM consents WHERE hash = ?')

  function refuse(
    hashes: readonly Buffer[],
    channels: readonly string[],
    { reason, by, saidAt: at }: Omit<Refusal, 'channels'> & { saidAt: number },
    now: number,
  ): number {
    let added = 0
    for (const hash of hashes) {
      for (const channel of channels) {
        added += suppress.run(hash, channel, kindOf(hash), clean(reason), clean(by), now, at).changes
      }
    }
    return added
  }

  return {
    suppress: (hashes, { channels, ...refusal }, now) => refuse(hashes, channels ?? [ALL], refusal, now),
    optOut(names, channel, now) {
      refuse(parted(names), [channel], { reason: OPTED_OUT, by: 'genesys', saidAt: now }, now)
    },
    allow(hashes, channel, now) {
      let lifted = 0
      for (const hash of hashes) {
        const run = channel === null ? allow.run(now, hash) : allowOne.run(now, hash, channel)
        lifted += run.changes
      }
      return lifted
    },
    refusal(names, channel) {
      const hashes = parted(names)
      const all = refusal.each(hashes.map((hash) => [hash, channel]))
      const at = all.findIndex((rows) => rows.length > 0)
      const [found, hash] = [all[at]?.[0], hashes[at]]
      if (!found || !hash) return null
      const since = new Date(found.since).toISOString().slice(0, 16).replace('T', ' ')
      return `The customer must not be written to${found.channel === ALL ? '' : ` over ${channel}`}${byName(kindOf(hash))} since ${since} UTC: ${found.reason.replace(/\.$/, '')}. Where that is no longer so: postrider suppress remove`
    },
    consent(hashes, given, at) {
      for (const hash of hashes) consent.later(hash, given ? 1 : 0, at)
    },
    agrees(names, own) {
      const words = said.each(parted(names).map((hash) => [hash])).flat()
      const all = [...words.map(({ given, at }) => ({ given: given === 1, at })), ...(own ? [own] : [])]
      const newest = Math.max(...all.map(({ at }) => at))
      const last = all.filter(({ at }) => at === newest)
      return last.length > 0 && last.every(({ given }) => given)
    },
  }
}
