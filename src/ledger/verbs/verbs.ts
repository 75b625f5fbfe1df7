import { clean } from '../rows.ts'
import { createAccess } from './access.ts'
import { createAudit } from './audit.ts'
import { createForgiveDebt, createLowerBudget, createTakeBudget } from './budget.ts'
import { createCancellations } from './cancellations.ts'
import { createCaps } from './caps.ts'
import { createClaim } from './claim.ts'
import { createClaimLooks } from './claim-looks.ts'
import { createForesee } from './foresee.ts'
import { createHeed } from './heed.ts'
import { createHeld } from './held.ts'
import { createBindHost, createExpect, createPing, createRememberKey } from './house.ts'
import { createIdempotencyKeys } from './idempotency-keys.ts'
import { createInsertMessages } from './insert-messages.ts'
import { createInstances } from './instances.ts'
import { createLeases } from './leases.ts'
import { createNotices } from './notices.ts'
import { createOldRows } from './old-rows.ts'
import { createOpen } from './open-attempt.ts'
import { createOperators } from './operators.ts'
import { createOtherSends } from './other-sends.ts'
import { createPauses } from './pauses.ts'
import { createPayloads } from './payloads.ts'
import { createRecord } from './record.ts'
import { createRecover } from './recover.ts'
import { createWriteRefused } from './refused.ts'
import { createKeptDeliveries } from './refused-deliveries.ts'
import { createAddPlan } from './replan.ts'
import { createRetention } from './retention.ts'
import { createRuns } from './runs.ts'
import { createSettle } from './settle.ts'
import { createSettleDelivery, createSettleLook } from './settle-look.ts'
import type { Store } from './store.ts'
import { createSuppressions } from './suppressions.ts'
import { createMarkUndelivered } from './undelivered.ts'
import { createWishes } from './wishes.ts'
import { createWithdraw } from './withdraw.ts'

/** Everything a ledger does to its database, with every statement compiled. */
export function createVerbs(store: Store) {
  const cancellations = createCancellations(store)
  const wishes = createWishes(store)
  const caps = createCaps(store)
  const heed = createHeed({ cancellations, wishes, names: store.names })
  const insertMessages = createInsertMessages(store, cancellations)
  const audit = createAudit(store)
  const pauses = createPauses(store, audit)
  const leases = createLeases(store, pauses)
  const otherSends = createOtherSends(store)
  const recover = createRecover(store)
  const settle = createSettle(store, { cancellations, wishes })
  const operators = createOperators(store, { cancellations, caps, audit })
  return {
    record: createRecord(store, insertMessages, createMarkUndelivered(store, cancellations), heed, audit),
    addPlan: createAddPlan(store, insertMessages, heed, audit),
    claim: createClaim(store, pauses),
    open: createOpen(store, leases, pauses, { cancellations, wishes, caps }),
    settle,
    withdraw: createWithdraw(store, settle),
    takeBudget: createTakeBudget(store),
    lowerBudget: createLowerBudget(store),
    claimLooks: createClaimLooks(store, pauses, otherSends),
    settleLook: createSettleLook(store, otherSends, cancellations),
    settleDelivery: createSettleDelivery(store, wishes),
    forgiveDebt: createForgiveDebt(store),
    access: createAccess(store, audit),
    operators,
    foresee: createForesee(store),
    removeOld: createRetention(store, {
      payloads: createPayloads(store),
      oldRows: createOldRows(store, { cancellations, caps }),
    }),
    runs: createRuns(store, { retry: operators.retryKnown, held: createHeld(store, pauses), audit }),
    recover,
    instances: createInstances(store, recover),
    writeRefused: createWriteRefused(store, clean),
    keptDeliveries: createKeptDeliveries(store, audit),
    bindHost: createBindHost(store),
    expect: createExpect(store),
    ping: createPing(store),
    idempotency: createIdempotencyKeys(store),
    notices: createNotices(store),
    leases,
    pauses,
    rememberKey: createRememberKey(store),
    suppressions: createSuppressions(store, wishes, audit),
  }
}
