import { emailAddress, phoneNumber } from './address.ts'
import type { Customer, ExternalSource } from './message.ts'

/** Within what an externalId is one customer's: an external source, or what stands in its place. */
export type Space = ExternalSource | { id: string }

/**
 * By what a customer is told from others, wherever they are met: each identifier in one form, `email:ann@example.com`, `phone:+4930123456`, `externalId:SPACE:C-1`. An
 * externalId is one within its space only. What is nearly an address stands as it was written, so that it is the same the next time; what is none at all, such as `n/a`,
 * is left out: many strangers would share it. Nothing of it is to be shown or logged.
 */
export function namesOf(
  { externalId, email, phone }: Pick<Customer, 'externalId' | 'email' | 'phone'>,
  space: Space | null,
  defaultCountry: string | null,
): string[] {
  return [
    ...named(`externalId:${space?.id ?? ''}`, externalId?.trim()),
    ...named('email', email && mailOf(email)),
    ...named('phone', phone && numberOf(phone, defaultCountry)),
  ]
}

function named(kind: string, value: string | undefined): string[] {
  return value ? [`${kind}:${value}`] : []
}

function mailOf(text: string): string {
  const address = emailAddress(text)
  if (address.kind === 'address') return address.to.toLowerCase()
  return /\S@\S/.test(text) ? text.trim().toLowerCase() : ''
}

/** Fewer digits are an extension, or a dash for none. */
const LEAST_DIGITS = 5

function numberOf(text: string, defaultCountry: string | null): string {
  const address = phoneNumber(text, defaultCountry)
  if (address.kind === 'address') return address.to
  const digits = text.replace(/[^\d+]/g, '')
  return digits.length < LEAST_DIGITS ? '' : digits
}
