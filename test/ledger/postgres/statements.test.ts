import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toPostgres } from '../../../src/ledger/postgres/statements.ts'

describe('a statement in the words of PostgreSQL', () => {
  test('has numbered values', () => {
    assert.equal(
      toPostgres('UPDATE messages SET state = ? WHERE id = ? AND lease_until > ?'),
      'UPDATE messages SET state = $1 WHERE id = $2 AND lease_until > $3',
    )
  })

  test('leaves texts and names in quotes as they are', () => {
    const sql = `SELECT 'why? it''s ?', "by?" FROM audit WHERE "by" = ? AND reason = '?'`
    assert.equal(toPostgres(sql), `SELECT 'why? it''s ?', "by?" FROM audit WHERE "by" = $1 AND reason = '?'`)
  })

  test('has no hint for an index', () => {
    assert.equal(
      toPostgres('SELECT id FROM messages INDEXED BY messages_due WHERE lane = ?'),
      'SELECT id FROM messages  WHERE lane = $1',
    )
  })

  test('asks for the id of a row that is made, where the database gives it', () => {
    assert.equal(
      toPostgres('INSERT INTO lanes (route) VALUES (?)'),
      'INSERT INTO lanes (route) VALUES ($1) RETURNING id',
    )
    assert.equal(
      toPostgres('INSERT INTO audit (at) VALUES (?) RETURNING at'),
      'INSERT INTO audit (at) VALUES ($1) RETURNING at',
    )
    assert.equal(
      toPostgres('INSERT INTO once_keys (hash) VALUES (?)'),
      'INSERT INTO once_keys (hash) VALUES ($1)',
    )
  })
})
