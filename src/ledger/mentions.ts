import { parsePhoneNumberFromString } from 'libphonenumber-js'
import type { Customer, IdentifierName } from '../message.ts'

/** Finds a customer's identifiers in whatever somebody wrote. */
export type Mentions = {
  /** Whether it names the customer, however it is written or escaped. */
  in(text: string): boolean
  /** The same of bytes that are UTF-8, or mostly. */
  inBytes(bytes: Uint8Array): boolean
  /** The text with something else in the identifiers' place. */
  without(text: string): string
  /** What stands there without regard to where a word begins: in a file, read byte by byte (latin1), one value follows another. */
  anywhere(text: string): readonly { at: number; found: string }[]
  /** Identifiers that are too short to be told from other things in a text. */
  tooShort: readonly IdentifierName[]
}

/** A shorter one may be the number of an order, of a ticket or of another sender's customer. */
const SHORTEST_ID = 8
const ERASED = '[erased]'

/** Before a value may stand what is part of an escape, and not of a longer value. */
const ESCAPES = String.raw`(?<=%[0-9a-f]{2})|(?<=\\[nrtbf])|(?<=\\u[0-9a-f]{4})`
const SEPARATOR = String.raw`(?:[\s().\/\u00a0-]|%20|%2[89df]|\\u00a0){0,3}`

/** `customer`: as somebody wrote them. `defaultCountry`: of numbers without a country code. */
export function createMentions(
  { externalId, email, phone }: Pick<Customer, IdentifierName>,
  defaultCountry: string | null,
): Mentions {
  const isShort = externalId !== undefined && externalId.length < SHORTEST_ID
  const forms = [
    ...(externalId === undefined || isShort ? [] : [literal(externalId)]),
    ...(email === undefined ? [] : [literal(email.trim())]),
  ]
  const [before, after] = [String.raw`(?:(?<![\w.%+-])|${ESCAPES})`, String.raw`(?![\w-]|\.\w)`]
  const bounded = [
    ...forms.map((form) => `${before}${form}${after}`),
    ...(phone === undefined
      ? []
      : [String.raw`(?:(?<!\d)|${ESCAPES})${numberOf(phone, defaultCountry)}(?!\d)`]),
  ]
  const bytes = [email?.trim(), isShort ? undefined : externalId].flatMap((value) =>
    value === undefined ? [] : [literal(Buffer.from(value).toString('latin1'))],
  )
  const loose = [...forms, ...bytes, ...(phone === undefined ? [] : [numberOf(phone, defaultCountry)])]
  const exact = bounded.length === 0 ? null : new RegExp(bounded.join('|'), 'gi')
  const anywhere = loose.length === 0 ? null : new RegExp(loose.join('|'), 'gi')
  const isIn = (text: string) => exact !== null && text.search(exact) >= 0
  const named = (text: string) => isIn(text) || (text.includes('\\u') && isIn(unescaped(text)))

  return {
    in: named,
    inBytes: (bytes) => named(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')),
    without(text) {
      if (exact === null) return text
      const rest = text.replace(exact, ERASED)
      // Written with escapes: which of them belongs to what is not told apart.
      return named(rest) ? ERASED : rest
    },
    anywhere: (text) =>
      anywhere === null
        ? []
        : [...text.matchAll(anywhere)].map(({ index, 0: found }) => ({ at: index, found })),
    tooShort: isShort ? ['externalId'] : [],
  }
}

/** As it is written, or with what URLs and JSON make of its marks. */
function literal(value: string): string {
  return [...value]
    .map((character) => {
      const code = character.charCodeAt(0)
      const plain = escaped(character)
      if (/[a-z\d]/i.test(character)) return plain
      const encoded = escaped(encodeURIComponent(character.toWellFormed()))
      return `(?:${plain}|${encoded}|%${code.toString(16).padStart(2, '0')}|\\\\u${code.toString(16).padStart(4, '0')})`
    })
    .join('')
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
}

/** A number in every way in which people group it, with its country's code or without. */
function numberOf(phone: string, defaultCountry: string | null): string {
  const country = defaultCountry === null ? {} : { defaultCountry: defaultCountry as 'DE' }
  const number = parsePhoneNumberFromString(phone, country)
  const spaced = (digits: string) => [...digits].join(SEPARATOR)
  if (number === undefined) return spaced(phone.replace(/\D/g, ''))
  const code = String(number.countryCallingCode)
  return `(?:(?:0${SEPARATOR}0${SEPARATOR})?${spaced(code)}${SEPARATOR}(?:0${SEPARATOR})?|0${SEPARATOR})?${spaced(String(number.nationalNumber))}`
}

function unescaped(text: string): string {
  return text.replace(/\\u([\da-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
