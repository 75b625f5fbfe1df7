import { renameSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Config } from '../src/config/config.ts'
import { eventKeyHash, identifierHashes } from '../src/ledger/hashes.ts'
import { keyBeside } from '../src/ledger/key.ts'
import { createNames, joined } from '../src/ledger/names.ts'
import { removedWords } from '../src/ledger/retention.ts'
import { CUSTOMER, EVENT, EXAMPLES, recordExamples } from './fill-examples.ts'

const DAY_MS = 86_400_000
/** Just less than what is removed by then (`retention.rows`). */
const SPREAD_MS = 360 * DAY_MS
/** How long the last of those that wait have to. */
const AHEAD_MS = 20 * DAY_MS
/** Rows of one statement of each table. */
const STEP = 50_000
/** Customers write more than once. */
const EVENTS_A_CUSTOMER = 10
/** 1 GiB: the trees of hashes, into which every row goes somewhere else. */
const CACHE_KIB = 1024 * 1024

export type FillOptions = {
  events: number
  /** Told after each step; `what`: `events`, then the names of the indexes. */
  filled?: (done: number, what: string) => void
}

/**
 * Makes a ledger that has received so many events in a year, each with its message: of a hundred messages 95 are sent and four skipped, and of the newest hundredth a fifth is due and the others wait for their time.
 * What is older than `retention.payload` has no body and no text any more, as the service leaves it. Three examples are made by the ledger's own functions, and their rows multiplied by
 * statements of our own, because ten million would take a day. The file appears under its name when it is whole.
 */
export async function fillLedger(
  file: string,
  config: Config,
  { events, filled = () => {} }: FillOptions,
): Promise<void> {
  const draft = `${file}.part`
  const remove = () => {
    for (const ending of ['', '-wal', '-shm', '-owner', '.key']) rmSync(`${draft}${ending}`, { force: true })
  }
  remove()
  try {
    const { names } = await recordExamples(draft, config)
    multiply(draft, { events, names, retention: config.retention, filled })
    renameSync(`${draft}.key`, `${file}.key`)
    renameSync(draft, file)
  } finally {
    remove()
  }
}

type Multiplying = Required<FillOptions> & {
  /** Of the example's customer, with `CUSTOMER` for the number. */
  names: readonly string[]
  retention: Config['retention']
}

function multiply(file: string, { events, names, retention, filled }: Multiplying): void {
  const db = new DatabaseSync(file)
  try {
    // Nothing is undone: a draft that is not whole is removed.
    db.exec(`
      PRAGMA journal_mode = DELETE;
      PRAGMA journal_mode = OFF;
      PRAGMA synchronous = OFF;
      PRAGMA foreign_keys = OFF;
      PRAGMA cache_size = -${CACHE_KIB};
    `)
    addCustomers(db, file, Math.max(1, Math.ceil(events / EVENTS_A_CUSTOMER)), names)
    db.function('key_hash', { deterministic: true }, (n) => eventKeyHash('crm', keyOf(Number(n))))
    const rebuild = dropIndexes(db)
    const insert = insertsOf(db, { events, now: Date.now(), retention })
    db.exec('BEGIN')
    const last = EXAMPLES + events
    for (let from = EXAMPLES + 1; from <= last; from += STEP) {
      const to = Math.min(last, from + STEP - 1)
      insert.step(from, to)
      filled(to - EXAMPLES, 'events')
    }
    insert.end()
    db.exec('COMMIT')
    rebuild((what) => filled(events, what))
    db.exec('PRAGMA journal_mode = WAL')
  } finally {
    db.close()
  }
}

/** The sender's id of an event, by which the benches can send it again. */
export function keyOf(n: number): string {
  return `msg_filled_${n}`
}

/** What rows have of their customers, computed once for each. */
function addCustomers(db: DatabaseSync, file: string, count: number, names: readonly string[]): void {
  const hashing = createNames(keyBeside(file, false))
  db.exec(`
    CREATE TEMP TABLE customers (n INTEGER PRIMARY KEY, names BLOB, by_id BLOB, by_email BLOB, contact TEXT);
    BEGIN`)
  const insert = db.prepare(
    `INSERT INTO customers (n, names, by_id, by_email, contact) VALUES (?, ?, ?, ?, ${UUID})`,
  )
  for (let n = 0; n < count; n += 1) {
    const own = names.map((name) => name.replaceAll(CUSTOMER, String(n)))
    const [byId = null, byEmail = null] = identifierHashes({
      externalId: `S-${n}`,
      email: `s${n}@example.com`,
    })
    insert.run(n, joined(hashing.hashesOf(own)), byId, byEmail)
  }
  db.exec('COMMIT')
}

/** As random as Genesys' own ids: in an index they fall anywhere. */
const UUID = `lower(printf('%s-%s-4%s-a%s-%s', hex(randomblob(4)), hex(randomblob(2)), substr(hex(randomblob(2)), 2),
  substr(hex(randomblob(2)), 2), hex(randomblob(6))))`

const FILLED = ['events', 'messages', 'attempts']

/** Takes away what would be kept up to date row by row, and answers what puts it back. */
function dropIndexes(db: DatabaseSync): (rebuilding: (name: string) => void) => void {
  const dropped = db
    .prepare(
      `SELECT type, name, sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL
       AND tbl_name IN (SELECT value FROM json_each(?)) ORDER BY rowid`,
    )
    .all(JSON.stringify(FILLED)) as { type: string; name: string; sql: string }[]
  for (const { type, name } of dropped) db.exec(`DROP ${type} ${name}`)
  return (rebuilding) => {
    for (const { name, sql } of dropped) {
      rebuilding(name)
      db.exec(sql)
    }
  }
}

type Insertion = { events: number; now: number; retention: Config['retention'] }

function insertsOf(db: DatabaseSync, { events, now, retention }: Insertion) {
  const last = EXAMPLES + events
  const began = now - SPREAD_MS
  const at = `(${began} + CAST((i - ${EXAMPLES}) * ${SPREAD_MS / events} AS INTEGER))`
  const firstWaiting = last - Math.floor(events / 100) + 1
  const lastOld = EXAMPLES + Math.floor(((SPREAD_MS - retention.payloadMs) / SPREAD_MS) * events)
  const words = `'${removedWords(retention)}'`
  const old = `i <= ${lastOld}`
  // i: the id of the event and of its message; example: the one it is like.
  const numbers = `
    WITH RECURSIVE i(i) AS (SELECT CAST(:from AS INTEGER) UNION ALL SELECT i + 1 FROM i WHERE i < :to),
    row AS (SELECT i, ${at} AS at, ${old} AS old, i % (SELECT count(*) FROM customers) AS customer,
                   CASE WHEN i >= ${firstWaiting} THEN 3 WHEN i % 100 < 4 THEN 2 ELSE 1 END AS example FROM i)`
  const copy = (table: string, from: string, changed: Readonly<Record<string, string>>) => {
    const columns = db.prepare(`SELECT name FROM pragma_table_info(?)`).all(table) as { name: string }[]
    const values = columns.map(({ name }) => changed[name] ?? `example."${name}"`)
    const names = columns.map(({ name }) => `"${name}"`).join(', ')
    return db.prepare(`INSERT INTO ${table} (${names}) ${numbers} SELECT ${values.join(', ')} FROM ${from}`)
  }
  const ofCustomer = (column: string) => `replace(example.${column}, '${CUSTOMER}', row.customer)`
  const due = `CASE WHEN row.example = 3 AND i % 5 > 0 THEN ${now} + (i % 997 + 1) * ${Math.floor(AHEAD_MS / 997)} ELSE row.at END`
  const joinedTo = (table: string) => `row CROSS JOIN ${table} AS example ON example.id = row.example`

  const statements = [
    copy('events', joinedTo('events'), {
      id: 'i',
      key: `'msg_filled_' || i`,
      occurred_at: 'row.at',
      received_at: 'row.at',
      raw: `CASE WHEN row.old THEN x'' ELSE
              CAST(replace(replace(CAST(example.raw AS TEXT), '${CUSTOMER}', row.customer), '${EVENT}', i) AS BLOB) END`,
      subject: `replace(example.subject, '${EVENT}', i)`,
      removed: `CASE WHEN row.old THEN ${words} END`,
    }),
    db.prepare(
      `INSERT INTO event_keys (hash, keep_until, event_id) ${numbers} SELECT key_hash(i), at + ${30 * DAY_MS}, i FROM row`,
    ),
    copy('messages', `${joinedTo('messages')} JOIN customers ON customers.n = row.customer`, {
      id: 'i',
      event_id: 'i',
      due_at: due,
      expire_at: `(${due}) + example.expire_at - example.due_at`,
      created_at: 'row.at',
      updated_at: 'CASE WHEN row.example = 3 THEN row.at ELSE row.at + 900 END',
      sent_at: 'CASE WHEN row.example = 1 THEN row.at + 900 END',
      contact_id: 'CASE WHEN row.example = 1 THEN customers.contact END',
      conversation_id: `CASE WHEN row.example = 1 THEN ${UUID} END`,
      customer: `CASE WHEN row.old THEN '{}' ELSE ${ofCustomer('customer')} END`,
      names: 'customers.names',
      removed: `CASE WHEN row.old THEN ${words} END`,
    }),
    ...['by_id', 'by_email'].map((hash) =>
      db.prepare(
        `INSERT INTO message_identifiers (block, hash, message_id)
         ${numbers} SELECT i >> 10, ${hash}, i FROM row JOIN customers ON customers.n = row.customer`,
      ),
    ),
    copy(
      'attempts',
      `row JOIN messages ON messages.id = i CROSS JOIN attempts AS example ON example.message_id = 1 WHERE row.example = 1`,
      {
        id: 'NULL',
        message_id: 'i',
        opened_at: 'row.at + 500',
        settled_at: 'row.at + 900',
        correlation_id: UUID,
        conversation_id: 'messages.conversation_id',
        genesys_message_id: UUID,
        contact_id: 'messages.contact_id',
        rendered: `CASE WHEN row.old THEN json_set(example.rendered, '$.text', '') ELSE replace(example.rendered, '${EVENT}', i) END`,
      },
    ),
  ]

  function end(): void {
    const minute = (column: string) => `${column} / 60000 * 60000`
    const since = now - 2 * DAY_MS
    db.exec(`
      DELETE FROM attempts WHERE message_id <= ${EXAMPLES};
      DELETE FROM message_identifiers WHERE block = 0 AND message_id <= ${EXAMPLES};
      DELETE FROM messages WHERE id <= ${EXAMPLES};
      DELETE FROM event_keys WHERE event_id <= ${EXAMPLES};
      DELETE FROM events WHERE id <= ${EXAMPLES};
      DELETE FROM tallies;
      INSERT INTO tallies (minute, kind, name, count)
        SELECT ${minute('received_at')}, 'received', source, count(*) FROM events WHERE id > ${lastOld} AND received_at > ${since} GROUP BY 1, 3;
      INSERT INTO tallies (minute, kind, name, count)
        SELECT ${minute('updated_at')}, state, route, count(*) FROM messages
        WHERE id > ${lastOld} AND updated_at > ${since} AND state IN ('sent', 'skipped') GROUP BY 1, 2, 3;
      INSERT INTO meta (name, value) VALUES ('payloads', '${lastOld}')
        ON CONFLICT (name) DO UPDATE SET value = excluded.value;
    `)
  }

  return {
    step(from: number, to: number): void {
      for (const statement of statements) statement.run({ from, to })
    },
    end,
  }
}
