import type { Erasing } from '../purge.ts'
import { jsonWithout } from './purge-rows.ts'
import type { Prepare } from './statement.ts'

/** What else may name a customer. Of `delete` the whole row goes; of `words` what names them does, and JSON stays JSON. */
type Place = {
  table: string
  key: readonly string[]
  columns: readonly string[]
  how: 'delete' | 'words'
  /** Columns that hold JSON, and what they hold when nothing can be kept of it. */
  json?: Readonly<Record<string, string>>
}

const PLACES: readonly Place[] = [
  {
    table: 'refused_deliveries',
    key: ['id'],
    columns: ['target', 'headers', 'body', 'reason'],
    how: 'delete',
  },
  { table: 'idempotency_keys', key: ['hash'], columns: ['body'], how: 'delete' },
  { table: 'runs', key: ['id'], columns: ['reason', 'filter'], how: 'words', json: { filter: '{}' } },
  { table: 'run_messages', key: ['run_id', 'message_id'], columns: ['reason'], how: 'words' },
  { table: 'notices', key: ['id'], columns: ['cause', 'data'], how: 'words', json: { data: '{}' } },
  { table: 'suppressions', key: ['hash', 'channel'], columns: ['reason'], how: 'words' },
  { table: 'pauses', key: ['id'], columns: ['reason'], how: 'words' },
  {
    table: 'messages',
    key: ['id'],
    columns: ['reason', 'delivery_reason', 'last_look'],
    how: 'words',
    json: { last_look: 'null' },
  },
  { table: 'attempts', key: ['id'], columns: ['reason'], how: 'words' },
  { table: 'events', key: ['id'], columns: ['reason', 'notes'], how: 'words', json: { notes: '[]' } },
]

type Row = Record<string, string | number | Uint8Array | null>

/** Goes through all of these places; `write` does a piece of work in a transaction. Answers how many rows were changed. */
export function eraseAsides(
  prepare: Prepare,
  mentions: Erasing['mentions'],
  write: <T>(work: () => T) => T,
): number {
  const named = (value: Row[string]) =>
    typeof value === 'string' ? mentions.in(value) : value instanceof Uint8Array && mentions.inBytes(value)
  let changed = 0
  for (const { table, key, columns, how, json = {} } of PLACES) {
    const where = key.map((name) => `${name} = ?`).join(' AND ')
    const place =
      key.length === 1 ? `${key[0]} > ?` : `(${key.join(', ')}) > (${key.map(() => '?').join(', ')})`
    const select = [...key, ...columns].join(', ')
    const page = (condition: string) =>
      prepare<Row>(`SELECT ${select} FROM ${table} ${condition} ORDER BY ${key.join(', ')} LIMIT 500`)
    const [first, next] = [page(''), page(`WHERE ${place}`)]
    const remove = prepare(`DELETE FROM ${table} WHERE ${where}`)
    const update = prepare(
      `UPDATE ${table} SET ${columns.map((name) => `${name} = ?`).join(', ')} WHERE ${where}`,
    )
    const keyOf = (row: Row) => key.map((name) => row[name] ?? null)
    for (let rows = first.all(); rows.length > 0; ) {
      const theirs = rows.filter((row) => columns.some((name) => named(row[name] ?? null)))
      if (theirs.length > 0) {
        write(() => {
          for (const row of theirs) {
            if (how === 'delete') remove.run(...keyOf(row))
            else update.run(...columns.map((name) => worded(row[name] ?? null, json[name])), ...keyOf(row))
          }
        })
      }
      changed += theirs.length
      const last = rows.at(-1)
      rows = last === undefined || rows.length < 500 ? [] : next.all(...keyOf(last))
    }
  }
  return changed

  function worded(value: Row[string], otherwise: string | undefined): Row[string] {
    if (typeof value !== 'string' || !mentions.in(value)) return value ?? null
    return otherwise === undefined ? mentions.without(value) : jsonWithout(value, mentions, otherwise)
  }
}
