import { clean } from '../rows.ts'
import { createForgiveDebt, createLowerBudget, createTakeBudget } from './budget.ts'
import { createClaim } from './claim.ts'
import { createClaimLooks } from './claim-looks.ts'
import { createBindHost, createPing } from './house.ts'
import { createInsertMessages } from './insert-messages.ts'
import { createLeases } from './leases.ts'
import { createOpen } from './open-attempt.ts'
import { createOperators } from './operators.ts'
import { createOtherSends } from './other-sends.ts'
import { createPauses } from './pauses.ts'
import { createRecord } from './record.ts'
import { createRecover } from './recover.ts'
import { createWriteRefused } from './refused.ts'
import { createAddPlan } from './replan.ts'
import { createSettle } from './settle.ts'
import { createSettleDelivery, createSettleLook } from './settle-look.ts'
import type { Store } from './store.ts'
import { createMarkUndelivered } from './undelivered.ts'

/** Everything a ledger does to its database, with every statement compiled. */
export function createVerbs(store: Store) {
  const insertMessages = createInsertMessages(store)
  const pauses = createPauses(store)
  const leases = createLeases(store, pauses)
  const otherSends = createOtherSends(store)
  return {
    record: createRecord(store, insertMessages, createMarkUndelivered(store)),
    addPlan: createAddPlan(store, insertMessages),
    claim: createClaim(store, pauses),
    open: createOpen(store, leases, pauses),
    settle: createSettle(store),
    takeBudget: createTakeBudget(store),
    lowerBudget: createLowerBudget(store),
    claimLooks: createClaimLooks(store, pauses, otherSends),
    settleLook: createSettleLook(store, otherSends),
    settleDelivery: createSettleDelivery(store),
    forgiveDebt: createForgiveDebt(store),
    operators: createOperators(store),
    recover: createRecover(store),
    writeRefused: createWriteRefused(store, clean),
    bindHost: createBindHost(store),
    ping: createPing(store),
    leases,
    pauses,
  }
}
