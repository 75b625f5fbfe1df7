import { clean } from '../rows.ts'
import { createForgiveDebt, createTakeBudget } from './budget.ts'
import { createClaim } from './claim.ts'
import { createBindHost, createPing } from './house.ts'
import { createLeases } from './leases.ts'
import { createOpen } from './open-attempt.ts'
import { createOperators } from './operators.ts'
import { createPauses } from './pauses.ts'
import { createInsertMessages, createRecord } from './record.ts'
import { createRecover } from './recover.ts'
import { createWriteRefused } from './refused.ts'
import { createAddPlan } from './replan.ts'
import { createSettle } from './settle.ts'
import type { Store } from './store.ts'

/** Everything a ledger does to its database, with every statement compiled. */
export function createVerbs(store: Store) {
  const insertMessages = createInsertMessages(store)
  const pauses = createPauses(store)
  const leases = createLeases(store, pauses)
  return {
    record: createRecord(store, insertMessages),
    addPlan: createAddPlan(store, insertMessages),
    claim: createClaim(store, pauses),
    open: createOpen(store, leases, pauses),
    settle: createSettle(store),
    takeBudget: createTakeBudget(store),
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
