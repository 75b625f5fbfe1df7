import type { Dialect, Prepare, Statement, Value } from '../verbs/statement.ts'
import type { Connection } from './bridge.ts'

/** Other transactions write at the same time: what is read to be changed is locked, and ids are taken from a sequence. */
export const DIALECT: Dialect = {
  isShared: true,
  forUpdate: ' FOR UPDATE',
  skipLocked: ' FOR UPDATE SKIP LOCKED',
  nextEventId: `nextval('events_ids')`,
}

/** Tables whose rows get their id from the database. */
const NUMBERED = new Set([
  'events',
  'lanes',
  'messages',
  'attempts',
  'pauses',
  'operators',
  'api_tokens',
  'audit',
  'runs',
  'refused_deliveries',
  'notices',
])

/** Statements as the server keeps them prepared, by a name each. */
export function preparer(connection: Connection): Prepare {
  const names = new Map<string, string>()

  return <Row>(sql: string): Statement<Row> => {
    const text = toPostgres(sql)
    const name = names.get(text) ?? `postrider_${names.size + 1}`
    names.set(text, name)
    const bound = (values: Value[]) => ({ text, values: values.map(apart), name })
    const run = (values: Value[]) => connection.query(bound(values))
    return {
      get: (...values) => run(values).rows[0] as Row | undefined,
      all: (...values) => run(values).rows as Row[],
      each(all) {
        if (all.length === 0) return []
        return connection.each(all.map((values) => bound([...values]))).map(({ rows }) => rows as Row[])
      },
      run(...values) {
        const { count, rows } = run(values)
        return { changes: count, lastInsertRowid: Number(rows[0]?.id ?? 0) }
      },
      later: (...values) => connection.later(bound(values)),
    }
  }
}

/** To the other thread, a part of a larger memory (a hash of node's pool, the body of one event among many) would go with all of it. */
function apart(value: Value): Value {
  const isPart = value instanceof Uint8Array && value.byteLength < value.buffer.byteLength
  return isPart ? new Uint8Array(value) : value
}

/** The same statement in PostgreSQL's words: numbered values, no hints for an index, and the id of a row that is made. Texts and names in quotes stay as they are. */
export function toPostgres(sql: string): string {
  let number = 0
  const text = sql.replace(QUOTED_OR, (token) => {
    if (token === '?') {
      number += 1
      return `$${number}`
    }
    return token.startsWith("'") || token.startsWith('"') ? token : ''
  })
  const table = /^\s*INSERT INTO (\w+)/.exec(text)?.[1] ?? ''
  return NUMBERED.has(table) && !/\bRETURNING\b/.test(text) ? `${text} RETURNING id` : text
}

const QUOTED_OR = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\bINDEXED BY \w+|\?/g
