import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client } from 'pg'
import { MESSAGE_STATES, TRANSITIONS } from '../../../src/message.ts'
import { onBoth } from './both.ts'
import { postgresServer } from './server.ts'
import { type Shape, shapeOfPostgres, shapeOfSqlite } from './shape.ts'

/** On SQLite every index ends with the key of its table. On PostgreSQL those do by which lists are ordered. */
const LONGER: Readonly<Record<string, string[]>> = {
  events_by_state: ['id'],
  messages_due: ['id'],
  messages_by_state: ['id'],
  messages_to_look: ['id'],
  messages_skipped_for: ['id'],
  messages_waiting: ['id'],
  attempts_by_conversation: ['id'],
  attempts_by_correlation: ['id'],
  attempts_by_genesys_message: ['id'],
  suppressions_by_time: ['hash', 'channel'],
  audit_of_message: ['id'],
  audit_of_event: ['id'],
  refused_deliveries_of: ['id'],
}

/** SQLite's schema with all in which PostgreSQL's is another on purpose. */
function asOnPostgres(shape: Shape): Shape {
  // Overwrites free pages of SQLite's file.
  const { blank_pages: _, ...tables } = structuredClone(shape)
  for (const table of Object.values(tables)) {
    for (const [name, index] of Object.entries(table.indexes)) index.columns.push(...(LONGER[name] ?? []))
  }
  const id = tables.events?.columns.find(({ name }) => name === 'id')
  assert.ok(id)
  // The claim of its key takes the number first (claim-event.ts).
  id.default = `currval('events_ids')`
  // TRUNCATE is PostgreSQL's own, and asks no trigger of DELETE.
  tables.audit?.triggers.unshift('audit_is_not_emptied')
  return tables
}

describe('the schema', () => {
  test('is the same on both databases, but for what is said here', () =>
    onBoth(async ({ sqlite, postgres }) => {
      const expected = asOnPostgres(shapeOfSqlite(sqlite))
      const found = await shapeOfPostgres(postgres)
      assert.deepEqual(Object.keys(found), Object.keys(expected))
      for (const [table, shape] of Object.entries(expected)) assert.deepEqual(found[table], shape, table)
    }))

  test('gives ids by itself, and takes those that somebody has', () =>
    onBoth(async ({ postgres }) => {
      const { rows } = await postgres.query(
        `SELECT table_name, identity_generation FROM information_schema.columns WHERE is_identity = 'YES' ORDER BY table_name COLLATE "C"`,
      )
      assert.deepEqual(
        rows.map(({ table_name, identity_generation }) => [table_name, identity_generation]),
        [
          'api_tokens',
          'attempts',
          'audit',
          'lanes',
          'messages',
          'notices',
          'operators',
          'pauses',
          'refused_deliveries',
          'runs',
        ].map((table) => [table, 'BY DEFAULT']),
      )
    }))

  test('compares text by its bytes, in whatever language the database was made', () =>
    onBoth(async ({ sqlite, postgres }) => {
      const { rows } = await postgres.query(
        `SELECT attrelid::regclass || '.' || attname AS column FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
         WHERE relnamespace = to_regnamespace(current_schema()) AND relkind = 'r' AND attnum > 0 AND atttypid = 'text'::regtype
           AND attcollation <> '"C"'::regcollation`,
      )
      assert.deepEqual(rows, [])
      const names = ['a', 'B', 'ä', 'Z', '_', 'ab', 'a b', '\u{10ffff}', '\u{ffee}']
      for (const name of names) {
        sqlite.prepare('INSERT INTO sources VALUES (?, 0)').run(name)
        await postgres.query('INSERT INTO sources VALUES ($1, 0)', [name])
      }
      const ordered = 'SELECT name FROM sources ORDER BY name'
      assert.deepEqual(
        (await postgres.query(ordered)).rows.map(({ name }) => name),
        sqlite
          .prepare(ordered)
          .all()
          .map(({ name }) => name),
      )
      // Somebody else's server may have been made with the order of bytes.
      if (!(await postgresServer()).control) return
      const { rows: first } = await postgres.query(
        'SELECT name FROM sources ORDER BY name COLLATE "default" LIMIT 1',
      )
      assert.notEqual(first[0]?.name, 'B', 'the language of the server is the order of bytes')
    }))

  test('has an event only under the number that its claim took', () =>
    onBoth(async ({ postgres }) => {
      const insert = () =>
        postgres.query(
          `INSERT INTO events (source, type, key, occurred_at, received_at, state, notes, config_version, raw)
           VALUES ('crm', 't', 'k', 0, 0, 'planned', '[]', 'c', '') RETURNING id`,
        )
      await assert.rejects(insert(), /currval of sequence "events_ids" is not yet defined/)
      await postgres.query(`SELECT nextval('events_ids'), nextval('events_ids')`)
      assert.equal((await insert()).rows[0]?.id, '2')
      await assert.rejects(insert(), /duplicate key/)
    }))
})

/** One message for each state, with the state's place as its number, past all that leads there. */
const SEED = `
INSERT INTO lanes (id, route, source, channel) VALUES (1, 'greet', 'crm', 'webmessaging');
INSERT INTO events (id, source, type, key, occurred_at, received_at, state, notes, config_version, raw)
  VALUES ${MESSAGE_STATES.map((_, n) => `(${n + 1}, 'crm', 't', 'k', 0, 0, 'planned', '[]', 'c', '')`).join(', ')};
INSERT INTO messages (id, event_id, lane, source, route, channel, state, due_at, expire_at, created_at, updated_at, config_version, customer, policies)
  VALUES ${MESSAGE_STATES.map((state, n) => `(${n + 1}, ${n + 1}, 1, 'crm', 'greet', 'webmessaging', '${state}', 0, 0, 60001, 0, 'c', '{}', '{}')`).join(', ')};
`

describe('the database itself', () => {
  test('refuses the same changes of state with the same words', () =>
    onBoth(async ({ sqlite, postgres }) => {
      sqlite.exec(SEED.replaceAll(`'c', '')`, `'c', x'')`))
      await postgres.query(SEED)
      for (const [n, from] of MESSAGE_STATES.entries()) {
        for (const to of [...MESSAGE_STATES, 'lost']) {
          const change = `UPDATE messages SET state = '${to}' WHERE id = ${n + 1}`
          sqlite.exec('SAVEPOINT try')
          const onSqlite = refusalOf(() => sqlite.exec(change))
          sqlite.exec('ROLLBACK TO try; RELEASE try')
          await postgres.query('BEGIN')
          const onPostgres = await postgres.query(change).then(
            () => null,
            (error: Error & { code: string }) => `${error.code} ${error.message}`,
          )
          await postgres.query('ROLLBACK')
          const isLegal = to === from || TRANSITIONS[from].some((state) => state === to)
          const refused = isLegal ? null : `a message cannot go from ${from} to ${to}`
          assert.equal(onSqlite, refused)
          assert.equal(onPostgres, refused && `P0001 ${refused}`)
        }
      }
    }))

  test('counts the same messages in the same minutes', () =>
    onBoth(async ({ sqlite, postgres }) => {
      sqlite.exec(SEED.replaceAll(`'c', '')`, `'c', x'')`))
      await postgres.query(SEED)
      for (const change of [
        `UPDATE messages SET state = 'sending', updated_at = 120000 WHERE state = 'scheduled'`,
        `UPDATE messages SET state = 'sent', updated_at = 185000 WHERE state = 'sending'`,
        `UPDATE messages SET state = 'failed', updated_at = 179999 WHERE state = 'unconfirmed'`,
        `UPDATE messages SET state = state, updated_at = 500000`,
      ]) {
        sqlite.exec(change)
        await postgres.query(change)
      }
      const counts = 'SELECT minute, kind, name, count FROM tallies ORDER BY minute, kind, name'
      const { rows } = await postgres.query({ text: counts, rowMode: 'array' })
      const onSqlite = sqlite.prepare(counts).all().map(Object.values)
      assert.deepEqual(
        rows,
        onSqlite.map((row) => row.map(String)),
      )
      assert.deepEqual(onSqlite, [
        [60_000, 'failed', 'greet', 1],
        [60_000, 'sent', 'greet', 1],
        [60_000, 'skipped', 'greet', 1],
        [60_000, 'unconfirmed', 'greet', 1],
        [120_000, 'failed', 'greet', 1],
        [180_000, 'sent', 'greet', 2],
      ])
    }))

  test('counts a message when its transaction is committed, so that nobody waits for another one meanwhile', () =>
    onBoth(async ({ postgres }) => {
      await postgres.query(SEED)
      const tallied = async () =>
        (await postgres.query(`SELECT sum(count) AS count FROM tallies`)).rows[0]?.count
      const before = await tallied()
      await postgres.query('BEGIN')
      await postgres.query(`UPDATE messages SET state = 'skipped' WHERE state = 'scheduled'`)
      assert.equal(await tallied(), before)
      await postgres.query('SAVEPOINT undone')
      await postgres.query(`UPDATE messages SET state = 'failed' WHERE state = 'unconfirmed'`)
      await postgres.query('ROLLBACK TO undone')
      await postgres.query('COMMIT')
      assert.equal(await tallied(), String(Number(before) + 1))
    }))

  test('keeps the audit trail as it is', () =>
    onBoth(async ({ sqlite, postgres }) => {
      const add = (id: number) =>
        `INSERT INTO audit (id, at, "by", action, target) VALUES (${id}, 0, 'ann', 'pause', '{"message":12}')`
      for (const id of [3, 7]) {
        sqlite.exec(add(id))
        await postgres.query(add(id))
      }
      for (const [sql, words] of [
        [`UPDATE audit SET reason = 'none'`, 'the audit trail is not rewritten'],
        ['DELETE FROM audit WHERE id = 3', 'the audit trail is not shortened'],
        [add(7), 'the audit trail is only added to'],
        [add(5), 'the audit trail is only added to'],
      ] as const) {
        assert.equal(
          refusalOf(() => sqlite.exec(sql)),
          words,
        )
        await assert.rejects(postgres.query(sql), { code: 'P0001', message: words })
      }
      await assert.rejects(postgres.query('TRUNCATE audit'), { message: 'the audit trail is not shortened' })
      assert.throws(() => sqlite.exec(add(-1)))
      await assert.rejects(postgres.query(add(-1)))
    }))

  test('adds to the audit trail what was numbered before another instance’s, and committed after it', () =>
    onBoth(async ({ postgres }) => {
      const add = `INSERT INTO audit (at, "by", action, target) VALUES (0, 'ann', 'pause', '{}') RETURNING id`
      // Another one draws the next number and commits before this one gets to its row.
      await postgres.query(`
        CREATE FUNCTION be_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$;
        CREATE TRIGGER a_late BEFORE INSERT ON audit FOR EACH ROW WHEN (NEW.reason = 'late') EXECUTE FUNCTION be_late()`)
      const other = new Client({ connectionString: urlOf(postgres) })
      await other.connect()
      try {
        await other.query('SELECT pg_advisory_lock(1)')
        const late = postgres.query(
          add.replace('target)', 'target, reason)').replace(`'{}')`, `'{}', 'late')`),
        )
        while (
          (await other.query(`SELECT last_value, is_called FROM audit_id_seq`)).rows[0]?.is_called !== true
        );
        assert.equal((await other.query(add)).rows[0]?.id, '2')
        await other.query('SELECT pg_advisory_unlock(1)')
        assert.equal((await late).rows[0]?.id, '1')
      } finally {
        await other.end()
      }
    }))
})

function refusalOf(work: () => void): string | null {
  try {
    work()
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function urlOf({ user, password, host, port, database }: Client): string {
  return `postgres://${user}:${password}@${host}:${port}/${database}`
}
