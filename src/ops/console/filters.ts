import type { Cursor, PageRequest } from '../../ledger/pages.ts'
import type { EventFilter, MessageFilter } from '../../ledger/reads.ts'
import { IDENTIFIERS, type IdentifierName } from '../../message.ts'
import { instantOf } from '../instants.ts'
import type { Fields } from './page.ts'

/** How many lines a page of a list has. */
const LINES = 50

/** What a list was asked for, as its form has it. `faults`: what of it is not understood, and was left out. `customer`: whether somebody is named, whose name must stand in no address of a page. */
export type Asked<Filter> = {
  filter: Filter
  page: PageRequest
  faults: readonly string[]
  customer: boolean
}

const WORDS = ['source', 'route', 'type', 'reason'] as const

/** Reads the fields of a list's form. `states`: those that the things of the list can be in. */
export function askedFor<State extends string>(
  fields: Fields,
  states: readonly State[],
  now: number,
): Asked<Omit<EventFilter & MessageFilter, 'limit' | 'state' | 'eventId'> & { state?: State }> {
  const faults: string[] = []
  const state = states.find((one) => one === fields.state)
  if (fields.state !== undefined && state === undefined) faults.push(`There is no state ${fields.state}.`)
  const time = (name: 'since' | 'until') => {
    const text = fields[name]
    if (text === undefined) return {}
    const at = instantOf(text, now)
    if (at !== null) return { [name]: at }
    faults.push(`${name}: a time is 02:00, 2h (ago) or 2026-11-23T02:00, and not ${text}.`)
    return {}
  }
  const words = Object.fromEntries(
    WORDS.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])),
  )
  const customer: Partial<Record<IdentifierName, string>> = Object.fromEntries(
    IDENTIFIERS.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])),
  )
  const named = Object.keys(customer).length > 0
  const before = cursorIn(fields.before)
  const span: { since?: number; until?: number } = { ...time('since'), ...time('until') }
  if (span.since !== undefined && span.until !== undefined && span.since > span.until) {
    faults.push('Since is later than until, so nothing can lie between them: until was left out.')
    delete span.until
  }
  return {
    filter: {
      ...(state === undefined ? {} : { state }),
      ...words,
      ...span,
      ...(named ? { customer } : {}),
    },
    page: { limit: LINES, ...(before === null ? {} : { before }) },
    faults,
    customer: named,
  }
}

/** The fields of a filter alone, as a form carries them on. */
export function filterFields(fields: Fields): Record<string, string> {
  const names = ['state', ...WORDS, 'since', 'until', ...IDENTIFIERS]
  return Object.fromEntries(
    names.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])),
  )
}

/** The same without what names a customer: this may stand in an address. */
export function withoutCustomer(fields: Readonly<Record<string, string>>): Record<string, string> {
  const hidden: readonly string[] = IDENTIFIERS
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !hidden.includes(name)))
}

export function cursorText({ at, id }: Cursor): string {
  return `${at}-${id}`
}

function cursorIn(text: string | undefined): Cursor | null {
  const [, at, id] = /^(\d{1,16})-(\d{1,16})$/.exec(text ?? '') ?? []
  return at === undefined || id === undefined ? null : { at: Number(at), id: Number(id) }
}
