import { describe } from 'node:test'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { access } from './contract/access.ts'
import { auditing } from './contract/auditing.ts'
import { cancelling } from './contract/cancelling.ts'
import { capping } from './contract/capping.ts'
import { claiming } from './contract/claiming.ts'
import { claimingLooks } from './contract/claiming-looks.ts'
import { foreseeing } from './contract/foreseeing.ts'
import { house } from './contract/house.ts'
import { idempotency } from './contract/idempotency.ts'
import { notices } from './contract/notices.ts'
import { onceKeys } from './contract/once-keys.ts'
import { opening } from './contract/opening.ts'
import { operators } from './contract/operators.ts'
import { otherSends } from './contract/other-sends.ts'
import { overview } from './contract/overview.ts'
import { paging } from './contract/paging.ts'
import { pausing } from './contract/pausing.ts'
import { reading } from './contract/reading.ts'
import { receiving } from './contract/receiving.ts'
import { refusedDeliveries } from './contract/refused-deliveries.ts'
import { retention } from './contract/retention.ts'
import { runs } from './contract/runs.ts'
import { searching } from './contract/searching.ts'
import { settling } from './contract/settling.ts'
import { settlingDeliveries } from './contract/settling-deliveries.ts'
import { settlingLooks } from './contract/settling-looks.ts'
import { states } from './contract/states.ts'
import { turns } from './contract/turns.ts'
import { undelivered } from './contract/undelivered.ts'
import { unsignedKeys } from './contract/unsigned-keys.ts'
import { wishes } from './contract/wishes.ts'
import type { ManualClock } from './manual-clock.ts'

/** One empty database, and what a test of any ledger needs beside it. */
export type Harness = {
  /** The time that every ledger of this harness has. */
  clock: ManualClock
  /** Opens the database as its owner, or with `owner: false` beside the owner. */
  open(options?: { owner?: boolean; groupLimit?: number }): Promise<Ledger>
  /** Whether instances share the database: what one left leased is free when the lease has ended, and not because another starts. */
  isShared: boolean
  /** From now on the database itself refuses events of this type. */
  refuseEventsOfType(type: string): Promise<void>
  /** Puts a message in a state past the ledger; the reason why the database refuses it, or null. */
  forceState(messageId: number, state: string): Promise<string | null>
  /** Closes what is open and removes the database. */
  dispose(): Promise<void>
}

/** `beside`: how many tests run at a time, each on a database of its own; more than one where most of a test is waiting for the database. */
type Options = { beside?: number }

/** What every ledger promises (src/ledger/ledger.ts), against the type alone. */
export function ledgerContract(
  name: string,
  fresh: () => Promise<Harness>,
  { beside: concurrency = 1 }: Options = {},
): void {
  describe(name, { concurrency }, () => {
    receiving(fresh)
    unsignedKeys(fresh)
    claiming(fresh)
    opening(fresh)
    settling(fresh)
    claimingLooks(fresh)
    otherSends(fresh)
    settlingLooks(fresh)
    settlingDeliveries(fresh)
    undelivered(fresh)
    pausing(fresh)
    operators(fresh)
    access(fresh)
    auditing(fresh)
    foreseeing(fresh)
    runs(fresh)
    reading(fresh)
    paging(fresh)
    searching(fresh)
    overview(fresh)
    idempotency(fresh)
    notices(fresh)
    refusedDeliveries(fresh)
    retention(fresh)
    states(fresh)
    house(fresh)
  })
}

/** The part of it that decides whether it is still right to send. */
export function rightMomentContract(
  name: string,
  fresh: () => Promise<Harness>,
  { beside: concurrency = 1 }: Options = {},
): void {
  describe(name, { concurrency }, () => {
    cancelling(fresh)
    onceKeys(fresh)
    capping(fresh)
    wishes(fresh)
    turns(fresh)
  })
}
