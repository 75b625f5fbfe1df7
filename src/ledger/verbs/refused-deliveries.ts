import type { RefusedDelivery } from '../ledger.ts'
import { KEPT_FOR_MS, KEPT_PER_SOURCE, LARGEST_KEPT_BYTES } from '../refused-deliveries.ts'
import { clean } from '../rows.ts'
import type { Audit } from './audit.ts'
import { ALL } from './statement.ts'
import type { Store } from './store.ts'

/**
 * What waits for the disk, at most a second: a flood of forged requests is not to fill the memory, nor the disk with writes. Of a source, so that one that is flooded leaves
 * room to the others; of all.
 */
const MOST_WAITING = 200
const MOST_BYTES = 1024 * 1024
const MOST_BYTES_OF_ALL = 4 * 1024 * 1024

/** As it is written. `body` null: it is too large to be kept. */
export type KeptDelivery = Omit<RefusedDelivery, 'body'> & { bytes: number; body: Uint8Array | null }

/** Refused deliveries on their way to the disk. */
export type RefusedDeliveries = {
  /** Copies what is kept of it; where there is no room it is not. */
  add(delivery: RefusedDelivery): void
  /** What came since the last call, in its order. */
  drain(): KeptDelivery[]
  /** Takes back what could not be written, as far as there is room. */
  putBack(deliveries: readonly KeptDelivery[]): void
}

export function createRefusedDeliveries(): RefusedDeliveries {
  let waiting: KeptDelivery[] = []
  let held = new Map<string, { count: number; bytes: number }>()
  let bytesOfAll = 0

  /** False: there is no room for it. */
  function takeRoom(source: string, bytes: number): boolean {
    const own = held.get(source) ?? { count: 0, bytes: 0 }
    if (own.count >= MOST_WAITING || own.bytes + bytes > MOST_BYTES) return false
    if (bytesOfAll + bytes > MOST_BYTES_OF_ALL) return false
    held.set(source, { count: own.count + 1, bytes: own.bytes + bytes })
    bytesOfAll += bytes
    return true
  }

  return {
    add({ body, ...delivery }) {
      const { source, target, rawHeaders } = delivery
      const isKept = body.length <= LARGEST_KEPT_BYTES
      if (!takeRoom(source, sizeOf(target, rawHeaders, isKept ? body : null))) return
      // A copy: a body is often a slice of a buffer of 64 kB, which would be held with it.
      waiting.push({ ...delivery, bytes: body.length, body: isKept ? new Uint8Array(body) : null })
    },
    drain() {
      const drained = waiting
      waiting = []
      held = new Map()
      bytesOfAll = 0
      return drained
    },
    putBack(drained) {
      const fits = drained.filter(({ source, target, rawHeaders, body }) =>
        takeRoom(source, sizeOf(target, rawHeaders, body)),
      )
      waiting = [...fits, ...waiting]
    },
  }
}

function sizeOf(target: string, rawHeaders: readonly string[], body: Uint8Array | null): number {
  return rawHeaders.reduce((sum, { length }) => sum + length, target.length + (body?.length ?? 0))
}

export function createKeptDeliveries({ prepare, clock }: Store, audit: Audit) {
  const insert = prepare(
    `INSERT INTO refused_deliveries (source, received_at, reason, method, target, bytes, headers, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  // Once for each source that is written to: some more than a thousand entries of the index, and no rows but those that go.
  const deleteOldest = prepare(
    `DELETE FROM refused_deliveries WHERE id IN (
       SELECT id FROM refused_deliveries INDEXED BY refused_deliveries_of WHERE source = ?
       ORDER BY received_at DESC, id DESC LIMIT ${ALL} OFFSET ?)`,
  )
  const deleteOld = prepare(
    'DELETE FROM refused_deliveries INDEXED BY refused_deliveries_by_time WHERE received_at <= ?',
  )
  const any = prepare('SELECT 1 FROM refused_deliveries LIMIT 1')
  const accept = prepare('UPDATE refused_deliveries SET accepted_at = ? WHERE id = ? AND accepted_at IS NULL')

  function forget(): boolean {
    deleteOld.run(clock.now() - KEPT_FOR_MS)
    return any.get() !== undefined
  }

  return {
    write(deliveries: readonly KeptDelivery[]): void {
      for (const { source, receivedAt, reason, method, target, bytes, rawHeaders, body } of deliveries) {
        const headers = JSON.stringify(rawHeaders)
        insert.run(clean(source), receivedAt, clean(reason), method, target, bytes, headers, body)
      }
      for (const source of new Set(deliveries.map((one) => clean(one.source)))) {
        deleteOldest.run(source, KEPT_PER_SOURCE)
      }
      forget()
    },
    /** Deletes what was kept long enough; whether something is left. */
    forget,
    accept(ids: readonly number[], { source, by }: { source: string; by: string }): number {
      const now = clock.now()
      const deliveries = ids.reduce((count, id) => count + accept.run(now, id).changes, 0)
      if (deliveries > 0) audit({ by, action: 'refused.recheck', target: { source, deliveries } }, now)
      return deliveries
    },
  }
}
