import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client } from 'pg'
import { type Connection, connectBridge } from '../../../src/ledger/postgres/bridge.ts'
import { transactionsOf } from '../../../src/ledger/postgres/transactions.ts'
import { isLost } from '../../../src/ledger/postgres/trouble.ts'
import { postgresServer } from './server.ts'

type Bridged = {
  connection: Connection
  /** What others see. */
  committed(): Promise<number[]>
  /** Ends the connection as a server that is stopped does. */
  cut(): Promise<void>
}

/** A connection of the kind that writes, with a table of numbers, none of them above 10; a transaction is open. */
async function bridged(body: (bridged: Bridged) => Promise<void>): Promise<void> {
  const { url, drop } = await (await postgresServer()).database({ empty: true })
  const other = new Client({ connectionString: url })
  await other.connect()
  const connection = connectBridge(url, 10_000)
  try {
    await other.query('CREATE TABLE numbers (n integer PRIMARY KEY CHECK (n <= 10))')
    connection.fresh({ text: 'BEGIN' })
    await body({
      connection,
      committed: async () =>
        (await other.query('SELECT n FROM numbers ORDER BY n')).rows.map(({ n }) => n as number),
      async cut() {
        await other.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postrider writes' AND datname = current_database()`,
        )
      },
    })
  } finally {
    connection.close()
    await other.end()
    await drop()
  }
}

const insert = (n: number) => ({ name: 'insert', text: 'INSERT INTO numbers VALUES ($1)', values: [n] })
const COUNT = { text: 'SELECT count(*)::integer AS count FROM numbers' }
const COMMIT = { text: 'COMMIT' }

describe('statements that go together', () => {
  test('what is told later is done in its order, before what is asked', () =>
    bridged(async ({ connection, committed }) => {
      connection.later(insert(1))
      connection.later({ text: 'DELETE FROM numbers' })
      connection.later(insert(2))
      assert.deepEqual(connection.query(COUNT).rows, [{ count: 1 }])
      connection.later(insert(3))
      assert.equal(connection.query(COMMIT).command, 'COMMIT')
      assert.deepEqual(await committed(), [2, 3])
    }))

  test('several questions have an answer each, without those of what was told before', () =>
    bridged(async ({ connection }) => {
      connection.later(insert(1))
      const same = { name: 'same', text: 'SELECT n FROM numbers WHERE n = $1' }
      const answers = connection.each([2, 1, 3].map((n) => ({ ...same, values: [n] })))
      assert.deepEqual(
        answers.map(({ rows }) => rows),
        [[], [{ n: 1 }], []],
      )
    }))

  test('what is refused is thrown where it is waited for, and nothing of the transaction stays', () =>
    bridged(async ({ connection, committed }) => {
      connection.later(insert(1))
      connection.later(insert(11))
      connection.later(insert(2))
      assert.throws(() => connection.query(COMMIT), /violates check constraint/)
      // The server ended it by itself.
      assert.match(connection.query({ text: 'ROLLBACK' }).command, /ROLLBACK/)
      assert.deepEqual(await committed(), [])
      connection.fresh({ text: 'BEGIN' })
      connection.query(insert(3))
      connection.query(COMMIT)
      assert.deepEqual(await committed(), [3])
    }))

  test('of several that are refused the first says why', () =>
    bridged(async ({ connection }) => {
      connection.query(insert(1))
      connection.later(insert(1))
      connection.later(insert(11))
      assert.throws(() => connection.query(COUNT), /duplicate key/)
    }))

  test('what is undone takes with it what was to go later', () =>
    bridged(async ({ connection, committed }) => {
      connection.query(insert(1))
      connection.later({ text: 'SAVEPOINT here' })
      connection.query(insert(2))
      connection.later(insert(11))
      connection.undo({ text: 'ROLLBACK TO here' })
      connection.query(COMMIT)
      assert.deepEqual(await committed(), [1])
    }))

  test('very many do not wait for a question', () =>
    bridged(async ({ connection, committed }) => {
      connection.later({ text: 'ALTER TABLE numbers DROP CONSTRAINT numbers_n_check' })
      for (let n = 0; n < 350; n += 1) connection.later(insert(n))
      connection.query(COMMIT)
      assert.equal((await committed()).length, 350)
    }))

  test('a connection that breaks takes along what was told, and the next one does not get it', () =>
    bridged(async ({ connection, committed, cut }) => {
      connection.query(insert(1))
      await cut()
      connection.later(insert(2))
      assert.throws(() => connection.query(COMMIT), isLost)
      connection.later(insert(3))
      connection.fresh({ text: 'BEGIN' })
      connection.query(insert(4))
      connection.query(COMMIT)
      assert.deepEqual(await committed(), [4])
    }))
})

test('a commit that is refused because of what went with it leaves nothing open, though it was to tell others', () =>
  bridged(async ({ connection, committed }) => {
    connection.query(COMMIT)
    const tallies = { add() {}, write() {}, mark() {}, back() {}, forget() {} }
    const transactions = transactionsOf(connection, {
      tallies,
      began() {},
      isDue: () => true,
      instance: 'one',
    })
    const group = [{ needs: [] }]
    transactions.begin(group)
    connection.later(insert(11))
    assert.throws(() => transactions.commit(), /violates check constraint/)
    transactions.rollback()
    transactions.begin(group)
    connection.later(insert(5))
    transactions.commit()
    assert.deepEqual(await committed(), [5])
  }))
