import type { Clock } from '../../clock.ts'
import type { Config } from '../../config/config.ts'
import type { Ledger } from '../../ledger/ledger.ts'

/** What actions need; each takes of it what it uses. */
export type ActionDeps = { ledger: Ledger; config: Config; clock: Pick<Clock, 'now'> }

/** Who asked, as the trail has it. */
export type By = { by: string }

/** There is no such thing. The reason names it. */
export type Missing = { kind: 'missing'; reason: string }
/** It is there, and its state or the request does not allow it; nothing was done. The reason says what would. */
export type Refused = { kind: 'refused'; reason: string }

export function missing(reason: string): Missing {
  return { kind: 'missing', reason }
}

export function refused(reason: string): Refused {
  return { kind: 'refused', reason }
}
