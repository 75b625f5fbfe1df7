import { type CountryCode, ParseError, parsePhoneNumberWithError } from 'libphonenumber-js'
import { z } from 'zod'
import type { Channel, Customer } from './message.ts'

/** What a channel needs to reach somebody; reasons name the fault, never the value. */
export type Address =
  | { kind: 'address'; to: string }
  /** The event does not name it. */
  | { kind: 'none'; reason: string }
  /** It is named, and is no address. */
  | { kind: 'bad'; reason: string }

/** Channels that write to an address; webmessaging writes to a contact. */
export type AddressChannel = Exclude<Channel, 'webmessaging'>

/**
 * Where the customer is written to, as Genesys wants it: `sms` E.164, `whatsapp` the digits of it, `email` a mail address, `open` the
 * externalId, which is whatever the integration knows its people by.
 */
export function addressOf(
  channel: AddressChannel,
  customer: Customer,
  defaultCountry: string | null,
): Address {
  switch (channel) {
    case 'sms':
      return phoneAddress(customer.phone, defaultCountry)
    case 'whatsapp': {
      const phone = phoneAddress(customer.phone, defaultCountry)
      return phone.kind === 'address' ? { kind: 'address', to: phone.to.slice(1) } : phone
    }
    case 'email':
      return customer.email === undefined
        ? { kind: 'none', reason: 'the event names no email address' }
        : emailAddress(customer.email)
    case 'open':
      return customer.externalId === undefined
        ? { kind: 'none', reason: 'the event names no externalId' }
        : { kind: 'address', to: customer.externalId }
  }
}

function phoneAddress(phone: string | undefined, defaultCountry: string | null): Address {
  return phone === undefined
    ? { kind: 'none', reason: 'the event names no phone number' }
    : phoneNumber(phone, defaultCountry)
}

/**
 * A phone number as E.164, `+13175550100`: with or without `tel:`, in whatever way it is written. Whether the number is in use is not asked: lists of numbering
 * plans are older than the newest numbers, and a number that could exist is for Genesys to refuse.
 */
export function phoneNumber(text: string, defaultCountry: string | null): Exclude<Address, { kind: 'none' }> {
  try {
    const country = defaultCountry === null ? {} : { defaultCountry: defaultCountry as CountryCode }
    const number = parsePhoneNumberWithError(text.trim().replace(/^tel:\s*/i, ''), {
      ...country,
      extract: false,
    })
    if (number.ext !== undefined) return badPhone('has an extension, which cannot be written to')
    return number.isPossible()
      ? { kind: 'address', to: number.number }
      : badPhone('is too short or too long for its country')
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    return badPhone(PHONE_FAULTS[error.message] ?? 'is not a phone number')
  }
}

function badPhone(fault: string): { kind: 'bad'; reason: string } {
  return { kind: 'bad', reason: `the phone number ${fault}` }
}

/** By the library's words for what is wrong. */
const PHONE_FAULTS: Readonly<Record<string, string>> = {
  NOT_A_NUMBER: 'is not a phone number',
  INVALID_COUNTRY:
    'has no country code that exists: begin it with + and the country’s code, or set genesys.defaultCountry',
  TOO_SHORT: 'is too short',
  TOO_LONG: 'is too long',
}

/** What browsers take for one, and a domain with a point in it: a mailbox that exists must not be refused for its letters. */
const MailAddress = z.email({ pattern: z.regexes.html5Email }).regex(/@[^@]+\.[^@]+$/)

/** A mail address, with or without `email:` or `mailto:` before it. */
export function emailAddress(text: string): Exclude<Address, { kind: 'none' }> {
  const to = text.trim().replace(/^(?:email|mailto):\s*/i, '')
  return MailAddress.safeParse(to).success
    ? { kind: 'address', to }
    : { kind: 'bad', reason: 'the email address is not one' }
}
