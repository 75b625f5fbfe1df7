import type { DatabaseSync } from 'node:sqlite'
import type { Client } from 'pg'

/** What a database holds, in words that are the same for both: types, defaults and conditions as SQLite writes them. */
export type Shape = Readonly<Record<string, Table>>

export type Table = {
  columns: { name: string; type: string; isNullable: boolean; default: string | null }[]
  key: string[]
  /** By name; those that a UNIQUE or PRIMARY KEY makes are in `unique` and `key`. */
  indexes: Record<string, { columns: string[]; isUnique: boolean; where: string | null }>
  unique: string[][]
  foreign: { column: string; of: string }[]
  checks: string[]
  triggers: string[]
}

type Row = Record<string, string | number | null>

export function shapeOfSqlite(db: DatabaseSync): Shape {
  const all = (sql: string, ...values: string[]) => db.prepare(sql).all(...values) as Row[]
  const tables = all(
    `SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
  )
  return Object.fromEntries(
    tables.map(({ name, sql }) => {
      const table = String(name)
      const columns = all('SELECT * FROM pragma_table_info(?)', table)
      const indexes = all('SELECT * FROM pragma_index_list(?)', table).map(({ name, origin, unique }) => ({
        name: String(name),
        origin,
        isUnique: unique === 1,
        ...definitionOf(String(name)),
      }))
      return [
        table,
        {
          columns: columns.map(({ name, type, notnull, pk, dflt_value }) => ({
            name: String(name),
            type: String(type),
            isNullable: notnull === 0 && pk === 0,
            default: dflt_value === null ? null : String(dflt_value),
          })),
          key: columns
            .filter(({ pk }) => pk !== 0)
            .sort((a, b) => Number(a.pk) - Number(b.pk))
            .map(({ name }) => String(name)),
          indexes: byName(indexes.filter(({ origin }) => origin === 'c')),
          unique: indexes.filter(({ origin }) => origin === 'u').map(({ columns }) => columns),
          foreign: all('SELECT * FROM pragma_foreign_key_list(?)', table)
            .map(({ from, table, to }) => ({ column: String(from), of: `${table}.${to}` }))
            .sort((a, b) => a.column.localeCompare(b.column)),
          checks: checksIn(String(sql)),
          triggers: all(
            `SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? ORDER BY name`,
            table,
          ).map(({ name }) => String(name)),
        } satisfies Table,
      ]
    }),
  )

  function definitionOf(index: string): { columns: string[]; where: string | null } {
    const sql = String(all('SELECT sql FROM sqlite_schema WHERE name = ?', index)[0]?.sql ?? '')
    const [head = '', where] = sql.split(' WHERE ').map((part) => part.trim())
    const columns = all('SELECT name FROM pragma_index_info(?)', index).map(({ name }) =>
      // An expression has no name.
      String(name ?? head.slice(head.indexOf('(') + 1, -1)),
    )
    return { columns, where: where === undefined ? null : plain(where) }
  }
}

/** Of the schema that the connection searches first. */
export async function shapeOfPostgres(client: Client): Promise<Shape> {
  const all = async (sql: string) => (await client.query<Row>(sql)).rows
  const columns = await all(COLUMNS)
  const indexes = await all(INDEXES)
  const constraints = await all(CONSTRAINTS)
  const triggers = await all(TRIGGERS)
  const names = [...new Set(columns.map(({ table }) => String(table)))]
  return Object.fromEntries(
    names.map((table) => {
      const own = (rows: readonly Row[]) => rows.filter((row) => row.table === table)
      const constraintsOf = (kind: string) => own(constraints).filter((one) => one.kind === kind)
      return [
        table,
        {
          columns: own(columns).map(({ name, type, nullable, default: value }) => ({
            name: String(name),
            type: TYPES[String(type)] ?? String(type),
            isNullable: nullable === 'yes',
            default: value === null ? null : withoutCasts(String(value)),
          })),
          key: constraintsOf('p').flatMap((one) => listOf(one.columns)),
          indexes: byName(
            own(indexes).map(({ name, columns, unique, where }) => ({
              name: String(name),
              columns: listOf(columns).map(withoutCasts),
              isUnique: unique === 'yes',
              where: where === null ? null : plain(String(where)),
            })),
          ),
          unique: constraintsOf('u').map((one) => listOf(one.columns)),
          foreign: constraintsOf('f').map((one) => ({
            column: listOf(one.columns).join(),
            of: String(one.of),
          })),
          checks: constraintsOf('c')
            .map(({ definition }) => plain(String(definition).replace(/^CHECK /, '')))
            .sort(),
          triggers: own(triggers).map(({ name }) => String(name)),
        } satisfies Table,
      ]
    }),
  )
}

const TYPES: Readonly<Record<string, string>> = {
  bigint: 'INTEGER',
  text: 'TEXT',
  bytea: 'BLOB',
  'double precision': 'REAL',
}

const COLUMNS = `
SELECT relname::text AS table, attname::text AS name, format_type(atttypid, atttypmod) AS type,
  CASE WHEN attnotnull THEN 'no' ELSE 'yes' END AS nullable, pg_get_expr(adbin, adrelid) AS default
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = to_regnamespace(current_schema()) AND relkind = 'r' ORDER BY relname COLLATE "C", attnum`

const INDEXES = `
SELECT t.relname::text AS table, i.relname::text AS name, CASE WHEN indisunique THEN 'yes' ELSE 'no' END AS unique,
  pg_get_expr(indpred, indrelid) AS where,
  to_jsonb(ARRAY(SELECT pg_get_indexdef(indexrelid, n, true) FROM generate_series(1, indnatts) AS n))::text AS columns
FROM pg_index JOIN pg_class AS t ON t.oid = indrelid JOIN pg_class AS i ON i.oid = indexrelid
WHERE t.relnamespace = to_regnamespace(current_schema()) AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
ORDER BY i.relname COLLATE "C"`

const CONSTRAINTS = `
SELECT conrelid::regclass::text AS table, contype::text AS kind, pg_get_constraintdef(pg_constraint.oid) AS definition, confrelid::regclass::text || '.id' AS of,
  to_jsonb(ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS k (n, place) JOIN pg_attribute ON attrelid = conrelid AND attnum = n ORDER BY place))::text AS columns
FROM pg_constraint WHERE connamespace = to_regnamespace(current_schema()) ORDER BY contype, conkey`

const TRIGGERS = `
SELECT tgrelid::regclass::text AS table, tgname::text AS name FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE relnamespace = to_regnamespace(current_schema()) AND NOT tgisinternal ORDER BY tgname COLLATE "C"`

function listOf(json: string | number | null | undefined): string[] {
  return JSON.parse(String(json)) as string[]
}

function byName<T extends { name: string; columns: string[]; isUnique: boolean; where: string | null }>(
  indexes: readonly T[],
): Table['indexes'] {
  const sorted = [...indexes].sort((a, b) => (a.name < b.name ? -1 : 1))
  return Object.fromEntries(
    sorted.map(({ name, columns, isUnique, where }) => [name, { columns, isUnique, where }]),
  )
}

/** What is checked of a table's rows, from its own words. */
function checksIn(sql: string): string[] {
  return [...sql.matchAll(/CHECK \(((?:[^()]|\([^()]*\))*)\)/g)]
    .map(([, condition = '']) => plain(condition))
    .sort()
}

/** A condition without what the two write differently and mean alike. */
function plain(condition: string): string {
  return withoutCasts(condition)
    .replaceAll('= ANY (ARRAY[', 'IN (')
    .replaceAll('octet_length', 'length')
    .replace(/[()[\]]/g, ' ')
    .replace(/\s+/g, ' ')
    .replaceAll(' ,', ',')
    .trim()
}

function withoutCasts(text: string): string {
  return text.replace(/::(?:text|bigint|regclass)/g, '')
}
