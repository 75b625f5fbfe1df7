import { emailAddress, phoneNumber } from './address.ts'
import type { Customer, ExternalSource } from './message.ts'

/** Within what an externalId is one customer's: an external source, or what stands in its place. */
export type Space = ExternalSource | { id: string }

/**
 * By what a customer is told from others, wherever they are met: each identifier in one form, `email:ann@example.com`, `phone:+4930123456`, `externalId:SPACE:C-1`. An
 * externalId is one within its space only. What is nearly an address stands as it was written, so that it is the same the next time; what is none at all, such as `n/a` or
 * the `null` of a CRM without a value, is left out: many strangers would share it. Nothing of it is to be shown or logged.
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

/**
 * What senders write where they have no value: the words of programming languages and databases, and what people type into a field that must be filled in. As a name, each would make
 * one customer of all strangers who have it: one of them says no, and all of them are silenced.
 */
const PLACEHOLDERS: ReadonlySet<string> = new Set([
  'null',
  'undefined',
  'none',
  'nil',
  'nan',
  'void',
  'false',
  'true',
  'n/a',
  'n.a',
  'n.a.',
  'na',
  'not available',
  'not applicable',
  'not set',
  'unknown',
  'anonymous',
  'guest',
  'empty',
  'blank',
  '(null)',
  '(none)',
  '(empty)',
  '(blank)',
  '<null>',
  '#n/a',
  '[object object]',
])

/** Whether a value stands for nobody: a placeholder, or nothing but punctuation and zeros. */
export function isPlaceholder(text: string): boolean {
  return /^[\p{P}\p{S}\s0]*$/u.test(text) || PLACEHOLDERS.has(text.trim().toLowerCase())
}

function named(kind: string, value: string | undefined): string[] {
  return value && !isPlaceholder(value) ? [`${kind}:${value}`] : []
}

function mailOf(text: string): string {
  const address = emailAddress(text)
  if (address.kind === 'address') return address.to.toLowerCase()
  return /\S@\S/.test(text) ? text.trim().toLowerCase() : ''
}

/** Fewer digits are an extension, or a dash for none. */
const LEAST_DIGITS = 5

function numberOf(text: string, defaultCountry: string | null): string {
  // With a country before them, zeros alone would be a number.
  if (isPlaceholder(text)) return ''
  const address = phoneNumber(text, defaultCountry)
  if (address.kind === 'address') return address.to
  const digits = text.replace(/[^\d+]/g, '')
  return digits.length < LEAST_DIGITS ? '' : digits
}
