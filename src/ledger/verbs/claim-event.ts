import type { ReadEvent, UnreadableEvent } from '../../event.ts'
import { bodyAsHash, bodyHash, eventKeyHash, flaggedBodyHash, unreadableBodyHash } from '../hashes.ts'
import type { Store } from './store.ts'

/**
 * `first`     it is to be recorded
 * `known`     it was recorded before; nothing is claimed
 * `replayed`  new as what it says it is, but its body came before as another type, and the sender signs neither
 */
export type Claimed = 'first' | 'known' | 'replayed'

/**
 * Claims an event. Each hash is taken by the unique index and never looked for first; one whose time is over is free. `type` null: the event is
 * unreadable. Times are epoch milliseconds.
 */
export type ClaimEvent = (
  event: Pick<ReadEvent | UnreadableEvent, 'source' | 'key' | 'raw' | 'keyIsUnsigned'>,
  type: string | null,
  keep: { keyUntil: number; bodyUntil: number },
  now: number,
) => Claimed

/** One change of an order may come under some topics with the same bytes; more are made up. */
const MOST_FLAGGED = 4

export function createClaimEvent({ prepare, dialect }: Pick<Store, 'prepare' | 'dialect'>): ClaimEvent {
  // With the id that the event will get.
  const claimKey = prepare(
    `INSERT INTO event_keys (hash, keep_until, event_id) VALUES (?, ?, ${dialect.nextEventId})
     ON CONFLICT (hash) DO UPDATE SET keep_until = excluded.keep_until, event_id = excluded.event_id
       WHERE event_keys.keep_until < ?`,
  )
  const claimBody = prepare(
    `INSERT INTO event_keys (hash, keep_until) VALUES (?, ?)
     ON CONFLICT (hash) DO UPDATE SET keep_until = excluded.keep_until WHERE event_keys.keep_until < ?`,
  )
  const release = prepare('DELETE FROM event_keys WHERE hash = ?')

  return ({ source, key, raw, keyIsUnsigned }, type, { keyUntil, bodyUntil }, now) => {
    const isFree = (hash: Buffer) => claimBody.run(hash, bodyUntil, now).changes > 0
    const keyHash = eventKeyHash(source, key)
    if (claimKey.run(keyHash, keyUntil, now).changes === 0) return 'known'
    if (!keyIsUnsigned) return 'first'
    const body = bodyHash(source, raw)
    const same = type === null ? unreadableBodyHash(source, body) : bodyAsHash(source, body, type)
    if (!isFree(same)) {
      // Whoever sends an old body under ids to come must not take them from the events that will bear them.
      release.later(keyHash)
      return 'known'
    }
    // The same bytes under headers that are complete may be the genuine event: what could not be read does not stand in its way.
    if (type === null) return 'first'
    if (isFree(body)) return 'first'
    // Its id is as little proven as its type, and may be that of a genuine event to come.
    release.later(keyHash)
    // Types can be made up without end: what is flagged already needs no further row.
    for (let nth = 1; nth <= MOST_FLAGGED; nth += 1) {
      if (isFree(flaggedBodyHash(source, body, nth))) return 'replayed'
    }
    return 'known'
  }
}

/**
 * Claims an event that was recorded as unreadable by what it is read as now, for as long as its key is remembered. False: it came again since and was recorded under its own key, or its body as
 * this type was.
 */
export function createClaimAnew({ prepare }: Pick<Store, 'prepare'>) {
  const keptUntil = prepare<{ keep_until: number }>('SELECT keep_until FROM event_keys WHERE hash = ?')
  const claim = prepare(
    `INSERT INTO event_keys (hash, keep_until, event_id) VALUES (?, ?, ?)
     ON CONFLICT (hash) DO UPDATE SET keep_until = excluded.keep_until, event_id = excluded.event_id
       WHERE event_keys.keep_until < ?`,
  )

  return (
    event: { id: number; source: string; key: string; raw: Uint8Array },
    read: Pick<ReadEvent, 'key' | 'type' | 'keyIsUnsigned'>,
    now: number,
  ): boolean => {
    const { id, source, key, raw } = event
    const until = keptUntil.get(eventKeyHash(source, key))?.keep_until ?? now
    const isFree = (hash: Buffer, eventId: number | null) => claim.run(hash, until, eventId, now).changes > 0
    if (read.key !== key && !isFree(eventKeyHash(source, read.key), id)) return false
    if (!read.keyIsUnsigned) return true
    const body = bodyHash(source, raw)
    isFree(body, null)
    return isFree(bodyAsHash(source, body, read.type), null)
  }
}
