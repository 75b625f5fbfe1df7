import { PostriderError } from '../../errors.ts'
import type { KeptAnswer } from '../../ledger/idempotency.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Operator } from '../../operator.ts'
import { hashOf } from '../access/secrets.ts'
import type { Input, Operation } from './operation.ts'

/** What came of asking under a key. `replayed`: it was done before, and answered so. */
export type Keyed =
  | { kind: 'answered'; answer: KeptAnswer; replayed: boolean }
  /** It is being done, or was when the service stopped. */
  | { kind: 'open' }
  /** Something else was asked under this key. */
  | { kind: 'other' }

/** As a header may have it: visible characters of ASCII. */
export function isKey(text: string): boolean {
  return /^[\x21-\x7e]{1,255}$/.test(text)
}

/**
 * Does something once under a key, however often the same operator, or the same token (`bearer`), asks for it: a new token of the same name has not done what the old one did. The key is taken before anything is done, and given back where it is certain that nothing was: where the one
 * transaction of the operation could not be written. In all other failures it stays taken, since nobody knows.
 */
export async function underKey(
  key: string,
  asked: { operator: Operator; bearer: string | null; operation: Operation; input: Input },
  ledger: Pick<Ledger, 'beginKey' | 'endKey' | 'releaseKey'>,
  act: () => Promise<KeptAnswer>,
): Promise<Keyed> {
  const { operator, bearer, operation, input } = asked
  const owner = bearer === null ? operator.name : hashOf(bearer)
  const hash = hashOf(['api', operator.via, owner, key].join('\0'))
  const taken = await ledger.beginKey(hash, hashOf(JSON.stringify([operation.id, input])))
  if (taken.kind === 'done') return { kind: 'answered', answer: taken.answer, replayed: true }
  if (taken.kind !== 'new') return { kind: taken.kind }
  const answer = await act().catch(async (error: unknown) => {
    if (operation.changes === 'one' && isUnwritten(error)) await ledger.releaseKey(hash).catch(() => {})
    throw error
  })
  // It is done, whether that can be written down or not: the key then stays taken.
  await ledger.endKey(hash, answer).catch(() => {})
  return { kind: 'answered', answer, replayed: false }
}

function isUnwritten(error: unknown): boolean {
  return (
    error instanceof PostriderError && (error.code === 'LEDGER_UNAVAILABLE' || error.code === 'LEDGER_BUSY')
  )
}
