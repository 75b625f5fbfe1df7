import { emailAddress, phoneNumber } from '../address.ts'
import type { Config } from '../config/config.ts'
import { loadConfig, type UnsetAt } from '../config/load.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import { type Customer, IDENTIFIERS, type IdentifierName } from '../message.ts'
import { isPlaceholder, namesOf, type Space } from '../names.ts'
import { spaceOf } from '../plan/space.ts'
import { problemLine } from '../settings.ts'

/** Who is meant, as commander parsed it. `source`: whose events name the customer by this externalId. */
export type Whom = Written & { source?: string }

/** What an operator or a file says of a customer. */
export type Written = Pick<Customer, IdentifierName>

/** How customers are named: what the configuration says of it. */
export type Naming = {
  space: Space | null
  defaultCountry: string | null
  /** What is not set in this environment and that a name depends on, in words; null: nothing. */
  unset: { space: string | null; defaultCountry: string | null }
}

/** No secret is needed. Throws CONFIG_INVALID, and NOT_FOUND for a source that there is none of. */
export function namingOf(variables: Variables, source: string | undefined): Naming {
  const { POSTRIDER_CONFIG: file } = readEnvironment(variables)
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'warn' })
  if (loaded.kind === 'invalid') {
    const lines = loaded.problems.map((problem) => `  ${problemLine(problem)}`)
    throw new PostriderError('CONFIG_INVALID', `The configuration is not right:\n${lines.join('\n')}`)
  }
  const { config, unsetAt } = loaded
  return {
    space: spaceNamed(source, config),
    defaultCountry: config.genesys.defaultCountry,
    unset: {
      space: spaceUnset(source, config, unsetAt),
      defaultCountry: wordsOf(unsetAt, ['genesys', 'defaultCountry']),
    },
  }
}

function spaceNamed(name: string | undefined, config: Config): Space | null {
  const { genesys, sources } = config
  if (name === undefined) return genesys.externalSource
  const found = sources.get(name)
  if (found) return spaceOf(found, false, config)
  throw new PostriderError(
    'NOT_FOUND',
    `There is no source ${name}. There are: ${[...sources.keys()].join(', ')}`,
  )
}

/** The name of an external source is no part of a customer's. */
function spaceUnset(name: string | undefined, { sources }: Config, unsetAt: UnsetAt): string | null {
  const at = (...path: string[]) => wordsOf(unsetAt, path) ?? wordsOf(unsetAt, [...path, 'id'])
  const source = name === undefined ? undefined : sources.get(name)
  const own = source && at('sources', source.name, 'externalSource')
  if (own) return own
  if (source && (source.externalSource || source.ownIds)) return null
  return at('genesys', 'externalSource')
}

function wordsOf(unsetAt: UnsetAt, path: readonly string[]): string | null {
  const problem = unsetAt(path)
  return problem && problemLine(problem)
}

/** What is read of one value. `near`: no address, and yet the same the next time it is written so; `bad` can be nobody's, and a placeholder is meant to be. */
type Read =
  | { kind: 'good'; value: string }
  | { kind: 'near' | 'bad' | 'placeholder'; value: string; reason: string }

/** The names of a customer, and what is wrong with the values that they were read from. */
export type Meant = {
  /** Of what is good, or near. */
  names: string[]
  /** Of values that are no address, kept as they are written. */
  near: string[]
  /** Of values that can match nobody. */
  bad: string[]
  placeholders: string[]
}

/** Reads whom an operator or a line of a file means; what is said is wrong quotes nothing. Throws CONFIG_INVALID where a name depends on a variable that is not set here: it would be another one than the service's. */
export function readWhom(written: Written, naming: Naming): Meant {
  const given = IDENTIFIERS.flatMap((name) => {
    const value = written[name]
    return value === undefined ? [] : [{ name, ...READERS[name](value, naming.defaultCountry) }]
  })
  const kept: Written = {}
  for (const one of given) if (one.kind === 'good' || one.kind === 'near') kept[one.name] = one.value
  assertSet(kept, naming)
  const reasons = (kind: Read['kind']) =>
    given.flatMap((one) => ('reason' in one && one.kind === kind ? one.reason : []))
  return {
    names: namesOf(kept, naming.space, naming.defaultCountry),
    near: reasons('near'),
    bad: reasons('bad'),
    placeholders: reasons('placeholder'),
  }
}

function assertSet({ externalId, phone }: Written, { unset }: Naming): void {
  const needsCountry = phone !== undefined && phoneNumber(phone, null).kind === 'bad'
  const needed = [
    ...(externalId !== undefined && unset.space !== null ? [['an external id', unset.space]] : []),
    ...(needsCountry && unset.defaultCountry !== null
      ? [['a phone number without + and country code', unset.defaultCountry]]
      : []),
  ]
  if (needed.length === 0) return
  const lines = needed.map(([what, words]) => `  ${words}; ${what} is another customer’s without it`)
  throw new PostriderError(
    'CONFIG_INVALID',
    `Nothing was done: this shell lacks what the service has.\n${lines.join('\n')}\nSet it as for the service, in the environment or in .env, and do the same again.`,
  )
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
