import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DatabaseError } from 'pg'
import { isGivenUp } from '../../../src/ledger/postgres/client.ts'
import { isLost, ofDriver, sqlstateOf } from '../../../src/ledger/postgres/trouble.ts'

const said = (code: string) => Object.assign(new DatabaseError('no', 2, 'error'), { code })
/** EPIPE has five letters, as the server's own codes have. */
const BROKEN = [
  ...['EPIPE', 'ECONNRESET', 'ETIMEDOUT', 'ECONNREFUSED'].map((code) =>
    Object.assign(new Error(code), { code }),
  ),
  new Error('Connection terminated unexpectedly'),
  new Error('Query read timeout'),
]

describe('what went wrong at PostgreSQL', () => {
  for (const error of BROKEN) {
    test(`${error.message}: the connection broke, and nobody knows what became of the statement`, () => {
      assert.equal(isLost(ofDriver(error)), true)
      assert.equal(isGivenUp(error), true)
    })
  }

  for (const code of ['40001', '23505', 'P0001', '57014', 'XX000', '53100']) {
    test(`${code}: the server said it, and the connection stands`, () => {
      assert.equal(sqlstateOf(ofDriver(said(code))), code)
      assert.equal(isLost(ofDriver(said(code))), false)
      assert.equal(isGivenUp(said(code)), false)
    })
  }

  for (const code of ['57P01', '57P02', '08006']) {
    test(`${code}: the server said that it ends the connection`, () => {
      assert.equal(isLost(ofDriver(said(code))), true)
    })
  }
})
