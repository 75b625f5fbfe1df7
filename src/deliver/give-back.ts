import type { PostriderError } from '../errors.ts'
import type { Claim } from '../ledger/ledger.ts'
import type { DeliverDeps } from './deliver.ts'
import { idsOf } from './settle.ts'

/** A ledger that cannot be written is asked again after this. */
export const LEDGER_AGAIN_MS = 1_000

type Deps = { ledger: Pick<DeliverDeps['ledger'], 'postpone' | 'withdraw'> } & Pick<
  DeliverDeps,
  'clock' | 'log' | 'stopping'
>

/**
 * Gives back a message that could not be worked on because of the ledger, as soon as it can be written; by then the lease may have ended by itself. `mayBeOpen`: its attempt was to be opened, and
 * nobody said whether it was; nothing has left. When Postrider stops, what is open is left to the next start, which looks for it.
 */
export async function giveBack(
  claimed: Claim['messages'][number],
  error: PostriderError,
  { mayBeOpen }: { mayBeOpen: boolean },
  { ledger, clock, log, stopping }: Deps,
): Promise<void> {
  const { lease } = claimed
  log.error('a message could not be worked on; it is given back, to be claimed again', {
    ...idsOf(claimed),
    error: error.message,
  })
  const again = { inMs: LEDGER_AGAIN_MS }
  while (!stopping.aborted) {
    await clock.sleep(LEDGER_AGAIN_MS, stopping)
    try {
      // An open that the ledger is still at is waited for here, and one that comes after this is refused: no lease is held any more.
      if (await ledger.postpone(lease, { ...again, code: null, reason: null })) return
      if (mayBeOpen) await ledger.withdraw(lease, again)
      return
    } catch {
      // Every other call says that the ledger is away.
    }
  }
}
