import type { KeptAnswer, KeyTaken } from '../idempotency.ts'
import type { IdempotencyKeyRow } from '../schema.ts'
import type { Store } from './store.ts'

const KEPT_FOR_MS = 86_400_000

/** What programs ask for once. A key is taken by its unique index; one that was kept long enough is free. */
export function createIdempotencyKeys({ prepare, clock }: Store) {
  const forgetOld = prepare('DELETE FROM idempotency_keys WHERE created_at <= ?')
  const take = prepare(
    `INSERT INTO idempotency_keys (hash, request_hash, created_at) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING`,
  )
  const find = prepare<IdempotencyKeyRow>('SELECT * FROM idempotency_keys WHERE hash = ?')
  const answer = prepare('UPDATE idempotency_keys SET status = ?, body = ? WHERE hash = ? AND status IS NULL')
  const release = prepare('DELETE FROM idempotency_keys WHERE hash = ? AND status IS NULL')

  return {
    begin(hash: string, requestHash: string): KeyTaken {
      const now = clock.now()
      const [key, request] = [Buffer.from(hash, 'hex'), Buffer.from(requestHash, 'hex')]
      forgetOld.run(now - KEPT_FOR_MS)
      if (take.run(key, request, now).changes > 0) return { kind: 'new' }
      const row = find.get(key)
      if (!row) throw new Error('an idempotency key that is taken is gone')
      if (!request.equals(row.request_hash)) return { kind: 'other' }
      const { status, body } = row
      return status === null ? { kind: 'open' } : { kind: 'done', answer: { status, body: body ?? '' } }
    },
    end(hash: string, { status, body }: KeptAnswer): void {
      answer.run(status, body, Buffer.from(hash, 'hex'))
    },
    release(hash: string): void {
      release.run(Buffer.from(hash, 'hex'))
    },
  }
}
