import { CHANNELS, type Channel, type Customer } from '../message.ts'
import { readCsv, refusedCsv } from './csv.ts'

/** One customer who said no. */
export type Refusal = {
  line: number
  customer: Pick<Customer, 'externalId' | 'email' | 'phone'>
  /** Null: over all. */
  channels: readonly Channel[] | null
  /** Null: the file gives none. */
  reason: string | null
}

const COLUMNS = ['externalId', 'email', 'phone', 'channel', 'reason'] as const
const AS = { named: '', otherwise: 'Nothing was imported.' }

/**
 * Reads a CSV file of customers who said no: a header with externalId, email, phone, channel and reason, of which one of the first three is enough, then a
 * row for each. Other columns are passed over and named. Throws NOT_FOUND, or REFUSED with what is wrong and on which line: a channel that there is none of
 * would be a no that is not kept.
 */
export function readRefusals(file: string): { refusals: readonly Refusal[]; passedOver: readonly string[] } {
  const [header, ...rest] = readCsv(file, AS)
  if (header === undefined) throw refusedCsv(file, 'is empty', AS)
  const columns = header.cells.map(
    (name) => COLUMNS.find((one) => one.toLowerCase() === name.toLowerCase().replace(/[\s_-]/g, '')) ?? null,
  )
  if (!columns.some((one) => one === 'externalId' || one === 'email' || one === 'phone')) {
    const words = 'names no customers: its first line must name the columns, and one of them must be'
    throw refusedCsv(file, `${words} externalId, email or phone`, AS)
  }
  const twice = columns.find((one, at) => one !== null && columns.indexOf(one) < at)
  if (twice !== undefined) throw refusedCsv(file, `line 1: the column ${twice} stands there twice`, AS)

  const rows = rest.map(({ line, cells }) => ({
    line,
    values: Object.fromEntries(
      columns.flatMap((column, at) => (column !== null && cells[at] ? [[column, cells[at]]] : [])),
    ) as Partial<Record<(typeof COLUMNS)[number], string>>,
  }))
  const refusals = rows.map(({ line, values: { channel, reason = null, ...customer } }) => ({
    line,
    customer,
    channels: channelsOf(channel),
    reason,
  }))
  const unknown = refusals.filter(({ channels }) => channels === 'unknown').map(({ line }) => line)
  if (unknown.length > 0) {
    const lines = `${unknown.slice(0, SHOWN).join(', ')}${unknown.length > SHOWN ? ' and more' : ''}`
    const words = `line ${lines}: the channel is none of ${CHANNELS.join(', ')}; empty stands for all`
    throw refusedCsv(file, words, AS)
  }
  return {
    refusals: refusals as Refusal[],
    passedOver: header.cells.filter((_, at) => columns[at] === null),
  }
}

const SHOWN = 10

/** `sms`, `sms whatsapp`, `all`; empty: all. */
function channelsOf(text: string | undefined): readonly Channel[] | null | 'unknown' {
  const words = (text ?? '')
    .toLowerCase()
    .split(/[\s,;|]+/)
    .filter((word) => word !== '')
  if (words.length === 0 || words.includes('all')) return null
  const found = words.flatMap((word) => CHANNELS.find((one) => one === word) ?? [])
  return found.length < words.length ? 'unknown' : [...new Set(found)]
}
