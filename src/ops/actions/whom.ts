import { emailAddress, phoneNumber } from '../../address.ts'
import type { Config } from '../../config/config.ts'
import { type Customer, IDENTIFIERS, type IdentifierName } from '../../message.ts'
import { isPlaceholder, namesOf, type Space } from '../../names.ts'
import { spaceOf } from '../../plan/space.ts'
import { type Missing, missing } from './outcome.ts'

/** What an operator or a file says of a customer. */
export type Written = Pick<Customer, IdentifierName>

/** How customers are named: what the configuration says of it. */
export type Naming = { space: Space | null; defaultCountry: string | null }

/** `source`: whose events name the customer by this externalId; without one it is of `genesys.externalSource`. */
export function namingIn(
  config: Config,
  source: string | undefined,
): { kind: 'naming'; naming: Naming } | Missing {
  const { genesys, sources } = config
  const { defaultCountry } = genesys
  if (source === undefined)
    return { kind: 'naming', naming: { space: genesys.externalSource, defaultCountry } }
  const found = sources.get(source)
  return found
    ? { kind: 'naming', naming: { space: spaceOf(found, false, config), defaultCountry } }
    : missing(`There is no source ${source}. There are: ${[...sources.keys()].join(', ')}`)
}

/** The names of whom an operator means, or why nobody is: `empty` names what is given and blank, `faults` what is wrong with what is given, without quoting it; neither: nobody is named. */
export type Named =
  | { kind: 'named'; names: string[] }
  | { kind: 'nobody'; empty: readonly IdentifierName[]; faults: readonly string[] }

/** `asWritten`: what is no address may be named too, in the writing in which a file that was imported has it. */
export function namesMeant(written: Written, naming: Naming, asWritten: boolean): Named {
  const empty = IDENTIFIERS.filter((name) => written[name]?.trim() === '')
  if (empty.length > 0) return { kind: 'nobody', empty, faults: [] }
  const { names, near, bad, placeholders } = readWhom(written, naming)
  const faults = [...bad, ...placeholders, ...(asWritten ? [] : near)]
  return faults.length > 0 || names.length === 0
    ? { kind: 'nobody', empty, faults }
    : { kind: 'named', names }
}

/** What is read of one value. `near`: no address, and yet the same the next time it is written so; `bad` can be nobody's, and a placeholder is meant to be. */
type Read =
  | { kind: 'good'; value: string }
  | { kind: 'near' | 'bad' | 'placeholder'; value: string; reason: string }

/** The names of a customer, and what is wrong with the values that they were read from. */
export type Meant = {
  /** The values that the names were read from. */
  kept: Written
  /** Of what is good, or near. */
  names: string[]
  /** Of values that are no address, kept as they are written. */
  near: string[]
  /** Of values that can match nobody. */
  bad: string[]
  placeholders: string[]
}

/** Reads whom an operator or a line of a file means; what is said is wrong quotes nothing. */
export function readWhom(written: Written, naming: Naming): Meant {
  const given = IDENTIFIERS.flatMap((name) => {
    const value = written[name]
    return value === undefined ? [] : [{ name, ...READERS[name](value, naming.defaultCountry) }]
  })
  const kept: Written = {}
  for (const one of given) if (one.kind === 'good' || one.kind === 'near') kept[one.name] = one.value
  const reasons = (kind: Read['kind']) =>
    given.flatMap((one) => ('reason' in one && one.kind === kind ? one.reason : []))
  return {
    kept,
    names: namesOf(kept, naming.space, naming.defaultCountry),
    near: reasons('near'),
    bad: reasons('bad'),
    placeholders: reasons('placeholder'),
  }
}

const READERS: Readonly<Record<IdentifierName, (text: string, country: string | null) => Read>> = {
  externalId: readId,
  email: readEmail,
  phone: readPhone,
}

/** What Excel makes of a long number; the digits that it left out are lost. `12E45` without a sign may be somebody's id. */
const SHORTENED = /^[+-]?\d+(?:[.,]\d+)?e\+\d+$/i

function readId(text: string): Read {
  const value = text.trim()
  if (isPlaceholder(value)) return placeholder(value, 'external id')
  return SHORTENED.test(value) ? bad(value, `the external id ${ROUNDED}`) : { kind: 'good', value }
}

const ROUNDED =
  'was shortened by a spreadsheet, such as 4.9E+11: give the column the format Text, and export it again'

function readEmail(text: string): Read {
  // `Ann <ann@example.com>`; a name that is an address itself must be the same.
  const [, before = '', within] = /^([^<>]*)<([^<>]*)>\s*$/.exec(text) ?? []
  const value = (within ?? text).trim()
  if (isPlaceholder(value)) return placeholder(value, 'email address')
  const shown = before.trim().replace(/^(["'])(.*)\1$/, '$2')
  if (value.split('@').length > 2 || (shown.includes('@') && shown.toLowerCase() !== value.toLowerCase())) {
    return bad(value, 'there is more than one email address: give each a line of its own')
  }
  const address = emailAddress(value)
  if (address.kind === 'address') return { kind: 'good', value }
  // Letters that a domain may have and that no mail address of ours has; what has blanks in it, or separators, was never one.
  const isNear = /^[^\s@,;<>()[\]"]+@[^\s@,;<>()[\]"]+\.[^\s@,;<>()[\]"]+$/.test(value)
  return { kind: isNear ? 'near' : 'bad', value, reason: address.reason }
}

/** A number of the plan (E.164) has no more digits; one with fewer is an extension. */
const DIGITS = { least: 5, most: 15 }

function readPhone(text: string, country: string | null): Read {
  const value = text.trim()
  if (isPlaceholder(value)) return placeholder(value, 'phone number')
  const address = phoneNumber(value, country)
  if (address.kind === 'address') return { kind: 'good', value }
  if (SHORTENED.test(value)) return bad(value, `the phone number ${ROUNDED}`)
  if (holdsTwo(value)) return bad(value, 'there is more than one phone number: give each a line of its own')
  const digits = value.replace(/\D/g, '').length
  const isNear =
    country === null && /^[\d\s()./-]+$/.test(value) && digits >= DIGITS.least && digits <= DIGITS.most
  return { kind: isNear ? 'near' : 'bad', value, reason: address.reason }
}

/** Between area code and number a slash stands too; a whole number on both sides of one is two. */
function holdsTwo(text: string): boolean {
  const numbers = (separator: RegExp, least: number) =>
    text.split(separator).filter((part) => part.replace(/\D/g, '').length >= least).length
  return numbers(/[,;|&\n]|(?<=\d)\s*\+|\p{L}+/u, DIGITS.least) > 1 || numbers(/\//, 7) > 1
}

function placeholder(value: string, what: string): Read {
  return { kind: 'placeholder', value, reason: `the ${what} is a placeholder, which stands for nobody` }
}

function bad(value: string, reason: string): Read {
  return { kind: 'bad', value, reason }
}
