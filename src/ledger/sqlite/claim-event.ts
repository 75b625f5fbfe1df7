import type { ReadEvent, UnreadableEvent } from '../../event.ts'
import { bodyAsHash, bodyHash, eventKeyHash, unreadableBodyHash } from '../hashes.ts'
import type { Store } from './store.ts'

/**
 * `first`     it is to be recorded
 * `known`     it was recorded before; nothing is claimed
 * `replayed`  new as what it says it is, but its body came before as another type, and the sender signs neither
 */
export type Claimed = 'first' | 'known' | 'replayed'

/**
 * Claims an event. Each hash is taken by the unique index and never looked for first; one whose time is over is free. `senderType` null: the event is
 * unreadable. `keepUntil`, `now`: epoch milliseconds.
 */
export type ClaimEvent = (
  event: Pick<ReadEvent | UnreadableEvent, 'source' | 'key' | 'raw' | 'keyIsUnsigned'>,
  senderType: string | null,
  keepUntil: number,
  now: number,
) => Claimed

export function createClaimEvent({ prepare }: Pick<Store, 'prepare'>): ClaimEvent {
  const claim = prepare(
    `INSERT INTO event_keys (hash, keep_until) VALUES (?, ?)
     ON CONFLICT (hash) DO UPDATE SET keep_until = excluded.keep_until WHERE event_keys.keep_until < ?`,
  )
  const release = prepare('DELETE FROM event_keys WHERE hash = ?')

  return ({ source, key, raw, keyIsUnsigned }, senderType, keepUntil, now) => {
    const isFree = (hash: Buffer) => claim.run(hash, keepUntil, now).changes > 0
    const keyHash = eventKeyHash(source, key)
    if (!isFree(keyHash)) return 'known'
    if (!keyIsUnsigned) return 'first'
    const body = bodyHash(source, raw)
    const same = senderType === null ? unreadableBodyHash(source, body) : bodyAsHash(source, body, senderType)
    if (!isFree(same)) {
      // Whoever sends an old body under ids to come must not take them from the events that will bear them.
      release.run(keyHash)
      return 'known'
    }
    // The same bytes under headers that are complete may be the genuine event: what could not be read does not stand in its way.
    if (senderType === null) return 'first'
    return isFree(body) ? 'first' : 'replayed'
  }
}

/** Remembers the body of an event that was recorded as unreadable and is read now, for as long as its key is remembered. */
export function createRememberBody({ prepare }: Pick<Store, 'prepare'>) {
  const find = prepare<{ source: string; key: string; raw: Uint8Array }>(
    'SELECT source, key, raw FROM events WHERE id = ?',
  )
  const remember = prepare(
    `INSERT INTO event_keys (hash, keep_until) SELECT ?, keep_until FROM event_keys WHERE hash = ?
     ON CONFLICT (hash) DO UPDATE SET keep_until = max(event_keys.keep_until, excluded.keep_until)`,
  )

  return (eventId: number, senderType: string): void => {
    const event = find.get(eventId)
    if (!event) return
    const key = eventKeyHash(event.source, event.key)
    const body = bodyHash(event.source, event.raw)
    for (const hash of [body, bodyAsHash(event.source, body, senderType)]) remember.run(hash, key)
  }
}
