import { withoutAddresses } from '../../private.ts'
import { clean } from '../rows.ts'
import type { Store } from './store.ts'

/**
 * What somebody did. `by`: the operator, or `token NAME`. `action`: `message.retry`, `operator.add`. `target`: ids, names from the configuration and counts; never
 * a customer's name or address. `reason`: as somebody typed it.
 */
export type AuditEntry = {
  by: string
  action: string
  target: Readonly<Record<string, number | string>>
  reason?: string | null
}

/** Appends to the trail, in the transaction of what it tells of: neither is there without the other. */
export type Audit = (entry: AuditEntry, now: number) => void

export function createAudit({ prepare }: Pick<Store, 'prepare'>): Audit {
  const append = prepare('INSERT INTO audit (at, "by", action, target, reason) VALUES (?, ?, ?, ?, ?)')
  return ({ by, action, target, reason = null }, now) => {
    const masked = Object.entries(target).map(([name, value]) => [
      name,
      typeof value === 'string' && name !== HASHES ? cleaned(value) : value,
    ])
    const words = reason?.trim() ? cleaned(reason.trim()) : null
    append.later(now, cleaned(by), action, JSON.stringify(Object.fromEntries(masked)), words)
  }
}

/** Nobody types these, and one in forty looks like a number that could be called. */
const HASHES = 'hashes'

/** The trail outlives the erasure of a customer, so what somebody typed loses what looks like an address or a number. */
function cleaned(text: string): string {
  return clean(withoutAddresses(text))
}
