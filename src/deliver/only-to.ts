import { emailAddress, phoneNumber } from '../address.ts'
import type { Customer } from '../message.ts'

/** Whether `genesys.onlyTo` lets this customer receive: one of their identifiers is listed, or the list is empty. */
export function mayReceive(
  customer: Customer,
  onlyTo: readonly string[],
  defaultCountry: string | null,
): boolean {
  if (onlyTo.length === 0) return true
  const allowed = new Set(onlyTo.map(listed))
  const { externalId, email, phone } = customer
  return [externalId && plain(externalId), email && mail(email), phone && number(phone, defaultCountry)].some(
    (identifier) => identifier !== undefined && allowed.has(identifier),
  )
}

/** An entry of the list: a number where it begins as one with its country, so that an externalId of digits is not taken for a number. */
function listed(entry: string): string {
  return /^\s*(?:tel:|\+)/i.test(entry) ? number(entry, null) : mail(entry)
}

function plain(text: string): string {
  return text.trim().toLowerCase()
}

function mail(text: string): string {
  const address = emailAddress(plain(text))
  return address.kind === 'address' ? address.to : plain(text)
}

function number(text: string, defaultCountry: string | null): string {
  const address = phoneNumber(text, defaultCountry)
  return address.kind === 'address' ? address.to : plain(text)
}
