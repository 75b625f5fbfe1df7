import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createMentions } from '../../../src/ledger/mentions.ts'
import { createNames } from '../../../src/ledger/names.ts'
import { DIALECT, toPostgres } from '../../../src/ledger/postgres/statements.ts'
import { createCancellations } from '../../../src/ledger/verbs/cancellations.ts'
import { createCaps } from '../../../src/ledger/verbs/caps.ts'
import { createKnowsKey } from '../../../src/ledger/verbs/house.ts'
import { eraseAsides } from '../../../src/ledger/verbs/purge-asides.ts'
import { createFind } from '../../../src/ledger/verbs/purge-find.ts'
import { createEraseRows } from '../../../src/ledger/verbs/purge-rows.ts'
import type { Prepare } from '../../../src/ledger/verbs/statement.ts'
import { createStore } from '../../../src/ledger/verbs/store.ts'
import { createVerbs } from '../../../src/ledger/verbs/verbs.ts'
import { manualClock } from '../manual-clock.ts'
import { onBoth } from './both.ts'

describe('what SQLite has and PostgreSQL is given', () => {
  test('answers the same', () =>
    onBoth(async ({ sqlite, postgres }) => {
      for (const [sqliteSql, postgresSql = sqliteSql] of [
        ['max(3, 9000000000000)'],
        ['max(7 - 8, 0)'],
        ['max(NULL, 0)', 'max(NULL::bigint, 0)'],
        ['min(3, 9000000000000)'],
        ['min(3, NULL)', 'min(3, NULL::bigint)'],
        ['min(1.5, 2.25)', 'min(1.5::double precision, 2.25)'],
        [`json_extract('{"message":12}', '$.message')`],
        [`json_extract('{"message":null}', '$.message')`],
        [`json_extract('{"event":12}', '$.message')`],
        [
          `(SELECT group_concat(value, '|') FROM json_each('["a","b \\"c\\"",12]'))`,
          `(SELECT string_agg(value, '|') FROM json_each('["a","b \\"c\\"",12]'))`,
        ],
        [`(SELECT count(*) FROM json_each('[]'))`],
      ] as const) {
        const onSqlite = sqlite.prepare(`SELECT ${sqliteSql} AS value`).get()?.value
        const { value } = (await postgres.query(`SELECT ${postgresSql} AS value`)).rows[0]
        assert.equal(
          value === null ? null : String(value),
          onSqlite === null ? null : String(onSqlite),
          sqliteSql,
        )
      }
    }))

  test('finds what was done to a message by its index', () =>
    onBoth(async ({ postgres }) => {
      await postgres.query(
        `INSERT INTO audit (at, "by", action, target) SELECT n, 'ann', 'message.retry', '{"message":' || n || '}' FROM generate_series(1, 2000) AS n`,
      )
      await postgres.query('ANALYZE audit')
      const { rows } = await postgres.query(
        `EXPLAIN SELECT * FROM audit WHERE json_extract(target, '$.message') = $1 ORDER BY id`,
        [77],
      )
      assert.match(rows.map((row) => row['QUERY PLAN']).join('\n'), /audit_of_message/)
    }))
})

/** Every statement that both ledgers share. */
function statements(): string[] {
  const seen = new Set<string>()
  const prepare: Prepare = (sql) => {
    seen.add(sql)
    return {
      get: () => undefined,
      all: () => [],
      each: () => [],
      run: () => ({ changes: 0, lastInsertRowid: 0 }),
      later() {},
    }
  }
  const store = createStore({
    prepare,
    dialect: DIALECT,
    clock: manualClock(),
    names: createNames(Buffer.alloc(32)),
    random: () => 'token',
    refusalOf: () => null,
    dueNow() {},
  })
  createVerbs(store)
  const mentions = createMentions({}, null)
  createFind(store)
  createEraseRows(store, { cancellations: createCancellations(store), caps: createCaps(store) }, mentions)
  eraseAsides(prepare, mentions, (work) => work())
  createKnowsKey(store)
  return [...seen].filter((sql) => !/^(SAVEPOINT|RELEASE|ROLLBACK)/.test(sql))
}

describe('the statements that both ledgers share', () => {
  test('are such as PostgreSQL takes', () =>
    onBoth(async ({ postgres }) => {
      const all = statements()
      assert.ok(all.length > 200, `${all.length} statements`)
      for (const [n, sql] of all.entries()) {
        await assert.doesNotReject(postgres.query(`PREPARE s${n} AS ${toPostgres(sql)}`), sql)
      }
    }))
})
