import type { Suppression } from '../../ledger/reads.ts'
import type { Channel } from '../../message.ts'
import { redact } from '../../redact.ts'
import { type ActionDeps, type By, type Missing, missing } from './outcome.ts'

type Deps = Pick<ActionDeps, 'ledger'>

/** What was suppressed. `added`: how many of (name, channel) are new. `kinds`: of the names, of which none is shown. */
export type Suppressed = {
  added: number
  kinds: string[]
  channels: readonly Channel[] | null
  reason: string
  by: string
}

/** Nothing is sent to this customer any more over `channels`; null: over all. Reasons outlive the erasure of a customer, so they lose addresses and numbers. */
export async function suppressCustomer(
  { ledger }: Deps,
  { by }: By,
  {
    names,
    channels,
    reason,
  }: { names: readonly string[]; channels: readonly Channel[] | null; reason: string },
): Promise<Suppressed> {
  const told = { channels, reason: redact(reason), by }
  const added = await ledger.suppress(names, told)
  return { added, kinds: kindsOf(names), ...told }
}

/** This customer may be written to again: over one channel what was said of that one, or (null) whatever was said. `left`: what still stands of these names. */
export async function allowCustomer(
  { ledger }: Deps,
  { by }: By,
  { names, channel }: { names: readonly string[]; channel: Channel | null },
): Promise<{ kind: 'allowed'; removed: number; left: Suppression[] } | Missing> {
  const removed = await ledger.allow(names, channel, by)
  if (removed === 0) {
    const over = channel === null ? '' : ` over ${channel} alone`
    return missing(`Nobody with that name is suppressed${over}.`)
  }
  return { kind: 'allowed', removed, left: await ledger.reads.suppressed(names) }
}

/** `email`, `phone`, `externalId`: what is said of names, of which none is shown. */
export function kindsOf(names: readonly string[]): string[] {
  return names.map((name) => name.split(':', 1)[0] ?? '')
}
