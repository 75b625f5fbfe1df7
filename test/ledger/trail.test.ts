import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { sqliteHarness } from './sqlite-harness.ts'

test('the trail can be neither rewritten nor shortened, by whoever has the file', async () => {
  const harness = await sqliteHarness()
  try {
    const ledger = await harness.open()
    await ledger.addOperator({ name: 'ann', role: 'admin', password: 'x' }, 'root')
    const db = harness.raw()
    assert.throws(() => db.exec(`UPDATE audit SET "by" = 'bob'`), /the audit trail is not rewritten/)
    assert.throws(() => db.exec('DELETE FROM audit'), /the audit trail is not shortened/)
    assert.throws(
      () => db.exec(`INSERT OR REPLACE INTO audit SELECT id, at, 'bob', action, target, reason FROM audit`),
      /the audit trail is only added to/,
    )
    assert.deepEqual(
      (await ledger.reads.audit({ limit: 9 })).map(({ by }) => by),
      ['root'],
    )
  } finally {
    await harness.dispose()
  }
})

test('an action whose line cannot be written does not happen', async () => {
  const harness = await sqliteHarness()
  try {
    const ledger = await harness.open()
    await ledger.addOperator({ name: 'ann', role: 'admin', password: 'x' }, 'root')
    harness.raw().exec(`CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'full'); END`)
    const suppressing = ledger.suppress(['phone:+1'], { channels: null, reason: 'x', by: 'eve' })
    await assert.rejects(suppressing)
    await assert.rejects(ledger.removeOperator('ann', 'eve'))
    await assert.rejects(
      ledger.pause({
        scope: 'all',
        name: null,
        code: 'operator',
        reason: 'x',
        forMs: null,
        probes: 0,
        by: 'eve',
      }),
    )
    assert.deepEqual(await ledger.reads.suppressed(['phone:+1']), [])
    assert.equal((await ledger.reads.operators()).length, 1)
    assert.deepEqual(await ledger.pauses(), [])
  } finally {
    await harness.dispose()
  }
})

test('the file holds the hash of a session, and not what a browser would send', async () => {
  const harness = await sqliteHarness()
  try {
    const ledger = await harness.open()
    const { newSession, newToken, hashOf } = await import('../../src/ops/access/secrets.ts')
    const [session, token] = [newSession(), newToken()]
    await ledger.addOperator({ name: 'ann', role: 'admin', password: 'x' }, 'root')
    const operator = { id: 1, password: 'x' }
    await ledger.openSession({ operator, hash: hashOf(session), forMs: 1000, keys: [] })
    await ledger.addToken({ name: 't', hash: hashOf(token), role: 'viewer', forMs: null }, 'root')
    await ledger.close()
    const bytes = readFileSync(harness.file)
    assert.ok(bytes.includes(Buffer.from(hashOf(session), 'hex')))
    assert.ok(!bytes.includes(session) && !bytes.includes(token))
  } finally {
    await harness.dispose()
  }
})
