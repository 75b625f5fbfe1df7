import type { Acted } from '../../ledger/ledger.ts'
import type { Message } from '../../message.ts'
import type { ActionDeps, By, Missing, Refused } from './outcome.ts'

/** What an action on one message came to. */
export type ActedOn = { kind: 'done'; message: Message } | Missing | Refused

type Deps = Pick<ActionDeps, 'ledger'>

/** Re-triggers a message. One that was sent before needs `force` and a reason. */
export async function retryMessage(
  { ledger }: Deps,
  { by }: By,
  { id, force, reason }: { id: number; force: boolean; reason: string | null },
): Promise<ActedOn> {
  return actedOn(await ledger.retry(id, { by, force, reason }))
}

/** Cancels a message that is scheduled. */
export async function cancelMessage(
  { ledger }: Deps,
  { by }: By,
  { id, reason }: { id: number; reason: string | null },
): Promise<ActedOn> {
  return actedOn(await ledger.cancel(id, { by, reason }))
}

/** Says what became of a message that is unconfirmed, as the operator found out. */
export async function settleMessage(
  { ledger }: Deps,
  { by }: By,
  { id, as, reason }: { id: number; as: 'sent' | 'not-sent'; reason: string | null },
): Promise<ActedOn> {
  return actedOn(await ledger.settleByHand(id, { by, as, reason }))
}

function actedOn(acted: Acted): ActedOn {
  if (acted.kind === 'done') return acted
  const { reason, state } = acted
  return { kind: state === null ? 'missing' : 'refused', reason }
}
