import type { Customer } from '../message.ts'

/** Whether `genesys.onlyTo` lets this customer receive: one of their identifiers is listed, or the list is empty. */
export function mayReceive(customer: Customer, onlyTo: readonly string[]): boolean {
  if (onlyTo.length === 0) return true
  const allowed = new Set(onlyTo.map(comparable))
  return [customer.externalId, customer.email, customer.phone].some(
    (identifier) => identifier !== undefined && allowed.has(comparable(identifier)),
  )
}

/** Addresses are compared without regard to case, phone numbers without their punctuation. */
function comparable(identifier: string): string {
  const text = identifier.trim().toLowerCase()
  return /^\+?[\d\s().-]+$/.test(text) && text.startsWith('+') ? text.replace(/[\s().-]/g, '') : text
}
