import type { Mentions } from '../mentions.ts'
import type { Left } from '../purge.ts'
import { textsIn } from '../purging.ts'
import type { PostgresClient } from './client.ts'

type Asks = Pick<PostgresClient, 'query'>

/** Rows that are read at once. */
const AT_ONCE = 1_000
/** Of these each may be as large as a request. */
const OF_BODIES = 50
const HOLD_BODIES: readonly string[] = ['events', 'refused_deliveries']

/** The ledger's tables, by name. */
export async function tablesIn(client: Asks): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname::text AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE nspname = current_schema() AND relkind = 'r' ORDER BY name`,
  )
  return rows.map(({ name }) => name)
}

/**
 * Has the server remove the versions of rows that were changed or deleted, with what indexes hold of them, and count the table anew: its statistics hold values of rows. What an open transaction may still
 * read stays until that has ended. Their places are used again, not overwritten.
 */
export async function cleanUp(client: Asks, table: string): Promise<void> {
  await client.query(`VACUUM (ANALYZE, INDEX_CLEANUP ON) "${table}"`)
  const blank = BLANK[table]
  if (blank === undefined) return
  const { rows } = await client.query(`SELECT 1 FROM "${table}" LIMIT 1`)
  if (rows.length > 0) return
  const ours = 'xmin = pg_current_xact_id()::xid'
  await client.query(`BEGIN; ${blank}; ANALYZE "${table}"; DELETE FROM "${table}" WHERE ${ours}; COMMIT`)
}

/** Of a table without a row the server keeps the statistics that it has, so that these, whose rows go whole, are counted with one that is never committed: nobody sees it. */
const BLANK: Readonly<Record<string, string>> = {
  refused_deliveries: `INSERT INTO refused_deliveries (source, received_at, reason, method, target, bytes, headers) VALUES ('', 0, '', '', '', 0, '')`,
  idempotency_keys: `INSERT INTO idempotency_keys (hash, request_hash, created_at) VALUES (sha256(''), '', 0)`,
}

/** Every value of every row that names the customer, by table. `searched`: bytes. */
export async function searchRows(
  client: Asks,
  tables: readonly string[],
  mentions: Mentions,
): Promise<{ left: Left[]; searched: number }> {
  const left: Left[] = []
  let searched = 0
  for (const table of tables) {
    let count = 0
    for await (const row of rowsOf(client, table)) {
      const texts = textsIn(row)
      searched += texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
      if (texts.some((text) => mentions.in(text))) count += 1
    }
    if (count > 0) left.push({ where: `table ${table}`, count })
  }
  return { left, searched }
}

async function* rowsOf(client: Asks, table: string): AsyncGenerator<Record<string, unknown>> {
  const size = HOLD_BODIES.includes(table) ? OF_BODIES : AT_ONCE
  await client.query(`BEGIN READ ONLY; DECLARE every_row NO SCROLL CURSOR FOR SELECT * FROM "${table}"`)
  try {
    for (;;) {
      const { rows } = await client.query(`FETCH ${size} FROM every_row`)
      if (rows.length === 0) break
      yield* rows
    }
  } finally {
    await client.query('ROLLBACK')
  }
}

/** What the planner knows of the tables: the values that are most common, and some of the others. */
export async function searchStatistics(client: Asks, mentions: Mentions): Promise<Left[]> {
  const { rows } = await client.query<{ name: string; values: string }>(
    `SELECT tablename::text AS name, concat(most_common_vals::text, ' ', histogram_bounds::text) AS values
     FROM pg_stats WHERE schemaname = current_schema() ORDER BY tablename`,
  )
  const counts = new Map<string, number>()
  for (const { name, values } of rows) {
    // Bytes are written in hexadecimal.
    const text = values.replace(/\\x([0-9a-f]+)/g, (_, hex: string) => Buffer.from(hex, 'hex').toString())
    if (mentions.in(text)) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].map(([name, count]) => ({ where: `statistics of ${name}`, count }))
}
