import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Foreseeable } from '../../src/ledger/foresight.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { claimAll, DAY, draft, ended, failed, HOUR, SENT, schedule } from './contract/build.ts'
import { type SqliteHarness, sqliteHarness } from './sqlite-harness.ts'

const ANN = 'email:ann@example.com'
const WAYS: Foreseeable['ways'] = {
  webmessaging: { kind: 'draft', channel: 'webmessaging', mode: 'live' },
  email: { kind: 'draft', channel: 'email', mode: 'live' },
}

/** Every row of every table, and how the database would number the next. */
function dump(db: DatabaseSync): Record<string, unknown> {
  const tables = db.prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name`).all()
  return Object.fromEntries(
    tables.map(({ name, sql }) => [String(name), [sql, db.prepare(`SELECT * FROM "${name}"`).all()]]),
  )
}

/** Messages of whom each kind of thing is foreseen: sent, over the next channel, capped, braked, with a taken key, by force. */
async function messages(ledger: Ledger, harness: SqliteHarness): Promise<number[]> {
  const cap = { messages: 1, perMs: DAY, group: 'all' }
  const ids: number[] = []
  const add = async (message: Parameters<typeof schedule>[2] = {}) => {
    const route = message.route ?? `route-${ids.length}`
    const { id } = await ended(ledger, harness, failed(null), { message: { ...message, route } })
    ids.push(id)
  }
  await add()
  await add({ names: ['email:bob@example.com'] })
  await add({ names: [ANN], policies: { cap, countsIn: ['all'] } })
  await add({ names: [ANN], policies: { cap, countsIn: ['all'], onCap: 'defer', expireAfterMs: 2 * DAY } })
  await add({ policies: { once: 'T-1' }, route: 'once' })
  await add({ policies: { once: 'T-1' }, route: 'once' })
  const unopened = { state: 'failed', code: 'no-customer', reason: 'Nobody.', route: 'braked' } as const
  const policies = { brake: { messages: 1, perMs: HOUR } }
  for (let n = 0; n < 3; n += 1) ids.push(await schedule(ledger, harness, { ...unopened, policies }))
  ids.push((await ended(ledger, harness, SENT)).id)
  await ledger.suppress(['email:bob@example.com'], {
    channels: ['webmessaging'],
    reason: 'Asked.',
    by: 'ann',
  })
  return ids
}

test('foreseeing leaves no trace, in the database or beside it', async () => {
  const harness = await sqliteHarness()
  try {
    const ledger = await harness.open()
    const ids = await messages(ledger, harness)
    harness.clock.advance(1_000)
    let due = 0
    const before = dump(harness.raw())
    ledger.onDue(() => {
      due += 1
    })
    const asked = ids.map((id) => ({ id, ways: WAYS }))
    const request = {
      force: true,
      late: false,
      reason: 'Lost.',
      before: [{ route: 'other', perMs: HOUR, count: 9 }],
    }
    const first = await ledger.foresee(asked, request)
    assert.deepEqual(
      first.messages.map(({ outcome, code }) => code ?? outcome),
      ['sent', 'sent', 'sent', 'cap', 'sent', 'key-taken', 'sent', 'brake', 'brake', 'sent-before'],
    )
    assert.deepEqual(dump(harness.raw()), before)
    assert.equal(due, 0, 'nobody is told that anything is due')
    assert.deepEqual(await claimAll(ledger, 99), [])
    assert.deepEqual(await ledger.foresee(asked, request), first)

    // The channel that the second message goes over had no lane yet but in what was undone.
    const [, second = 0] = ids
    await ledger.retry(second, { by: 'ann', force: false, reason: null })
    for (const { lease } of await claimAll(ledger)) {
      assert.equal((await ledger.open(lease, draft())).kind, 'deferred')
    }
    const [claimed] = await claimAll(ledger)
    assert.deepEqual([claimed?.message.id, claimed?.message.channel], [second, 'email'])
  } finally {
    await harness.dispose()
  }
})

test('others write in the same commit as before it and after it', async () => {
  const harness = await sqliteHarness()
  try {
    const ledger = await harness.open()
    const [id = 0, other = 0] = await messages(ledger, harness)
    const plain = { by: 'ann', force: false, reason: null }
    // One turn of the event loop, one transaction.
    const [, { messages: foreseen }, acted] = await Promise.all([
      ledger.suppress([ANN], { channels: null, reason: 'Asked.', by: 'ann' }),
      ledger.foresee([{ id, ways: WAYS }], { force: false, late: false, reason: null, before: [] }),
      ledger.retry(other, plain),
    ])
    assert.equal(foreseen[0]?.outcome, 'sent')
    assert.equal(acted.kind, 'done')
    assert.equal((await ledger.reads.message(id))?.state, 'failed')
    assert.equal((await ledger.reads.message(other))?.state, 'scheduled')
    assert.ok((await ledger.reads.suppressed([ANN])).length > 0)
  } finally {
    await harness.dispose()
  }
})
