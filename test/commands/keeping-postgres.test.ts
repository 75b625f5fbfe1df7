import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Ledger } from '../../src/ledger/ledger.ts'
import type { PostgresHarness } from '../ledger/postgres-harness.ts'
import { ANN, fill, JOANN, type PurgeHarness, postgresPurgeHarness } from '../ledger/purging.ts'
import { command, DEMO_CONFIG, jsonOf } from './run.ts'

describe('purge, backup and start --check of a ledger in PostgreSQL', () => {
  let harness: PurgeHarness & PostgresHarness
  let ledger: Ledger
  before(async () => {
    harness = await postgresPurgeHarness()
    ledger = await harness.open()
    await fill(ledger, harness, ANN)
    await ledger.releaseKey('a'.repeat(64))
    await fill(ledger, harness, JOANN)
  })
  after(() => harness.dispose())

  const run = (...args: string[]) =>
    command(args, {
      POSTRIDER_CONFIG: DEMO_CONFIG,
      DATABASE_URL: harness.url,
      POSTRIDER_KEY: Buffer.from(harness.key ?? []).toString('base64'),
    })
  const mine = ['--email', ANN.email, '--phone', ANN.phone, '--external-id', ANN.externalId, '--yes']

  it('erases beside a service, and says what was searched and what is out of reach', async () => {
    const said = await run('purge', ...mine, '--by', 'ada')
    assert.deepEqual([said.code, said.err], [0, ''])
    const { host, pathname } = new URL(harness.url)
    assert.match(said.out, /^Found: 5 messages and 7 events of this customer\.$/m)
    assert.match(said.out, /^Erased: 5 messages \(2 of them cancelled\), 7 events, \d+ other rows\./m)
    assert.match(said.out, /^Searched [\d.]+ MiB, every row of every table of postgres:\/\/.*nothing names/m)
    assert.ok(said.out.includes(`postgres://${host}${pathname} `), 'without the password')
    for (const word of ['VACUUM', 'write-ahead log', 'replicas', 'pg_dump', 'log_min_duration_statement']) {
      assert.ok(said.out.includes(word), word)
    }
    assert.deepEqual(await ledger.reads.messages({ customer: { email: ANN.email }, limit: 10 }), [])
    assert.equal((await ledger.reads.messages({ customer: { email: JOANN.email }, limit: 10 })).length, 5)
    assert.equal((await ledger.reads.audit({ limit: 1 }))[0]?.by, 'ada')

    const again = jsonOf<Record<string, unknown>>(await run('purge', ...mine, '--json'))
    assert.deepEqual([again.messages, again.suppressed, again.left], [0, 0, []])
  })

  it('with another key nothing is erased: nobody who was suppressed would be known', async () => {
    const said = await command(['purge', ...mine], {
      POSTRIDER_CONFIG: DEMO_CONFIG,
      DATABASE_URL: harness.url,
      POSTRIDER_KEY: Buffer.alloc(32, 9).toString('base64'),
    })
    assert.equal(said.code, 1)
    assert.match(said.err, /written with another key/)
    const none = await command(['purge', ...mine], {
      POSTRIDER_CONFIG: DEMO_CONFIG,
      DATABASE_URL: harness.url,
    })
    assert.equal(none.code, 1)
    assert.match(none.err, /POSTRIDER_KEY is not set/)
  })

  it('backup: the database has its own ways, and the key belongs to them', async () => {
    const said = await run('backup', 'copy.db')
    assert.deepEqual([said.code, said.out], [2, ''])
    assert.match(said.err, /pg_dump.*POSTRIDER_KEY/)
  })

  it('start --check: says that the server checks itself', async () => {
    const said = await command(['start', '--sandbox', '--sandbox-port', '0', '--check'], {
      POSTRIDER_CONFIG: DEMO_CONFIG,
      DATABASE_URL: 'postgres://ada:secret@127.0.0.1:1/nowhere',
      POSTRIDER_KEY: Buffer.alloc(32, 9).toString('base64'),
      PORT: '0',
    })
    assert.equal(said.code, 1)
    assert.match(said.out, /^Checked +nothing: postgres:\/\/127\.0\.0\.1:1\/nowhere .*pg_amcheck/)
    assert.match(said.err, /there is no connection/)
  })
})
