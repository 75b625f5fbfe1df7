import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { DAY, ended, happens, SENT, schedule } from './contract/build.ts'
import { removeOld } from './contract/retention.ts'
import { type SqliteHarness, sqliteHarness } from './sqlite-harness.ts'

async function onFile(body: (harness: SqliteHarness) => Promise<void>): Promise<void> {
  const harness = await sqliteHarness()
  try {
    await body(harness)
  } finally {
    await harness.dispose()
  }
}

/** What the ledger holds of each event: `whole`, without its payload (`removed`), or not at all. */
function heldOf(db: DatabaseSync, ids: readonly number[]): string[] {
  const find = db.prepare('SELECT removed, length(raw) AS bytes FROM events WHERE id = ?')
  return ids.map((id) => {
    const row = find.get(id)
    if (row === undefined) return 'gone'
    assert.equal(row.removed === null, Number(row.bytes) > 0)
    return row.removed === null ? 'whole' : 'removed'
  })
}

/** Rows that belong to a message or an event which is no longer there, by table. */
function orphansOf(db: DatabaseSync): unknown[] {
  const noMessage = 'NOT IN (SELECT id FROM messages)'
  return db
    .prepare(
      `SELECT 'identifiers' AS what FROM message_identifiers WHERE message_id ${noMessage}
       UNION ALL SELECT 'once' FROM once_keys WHERE message_id ${noMessage}
       UNION ALL SELECT 'cancel keys' FROM cancel_keys WHERE message_id ${noMessage}
       UNION ALL SELECT 'turns' FROM turns WHERE message_id ${noMessage}
       UNION ALL SELECT 'attempts' FROM attempts WHERE message_id ${noMessage}
       UNION ALL SELECT 'sends' FROM customer_sends WHERE attempt_id NOT IN (SELECT id FROM attempts)
       UNION ALL SELECT 'cancellations' FROM cancellations WHERE event_id NOT IN (SELECT id FROM events)
       UNION ALL SELECT 'kept' FROM kept_payloads WHERE event_id NOT IN (SELECT id FROM events)`,
    )
    .all()
}

const MESSAGE = {
  names: ['email:ann@example.com', 'phone:+13175550100'],
  cancelKeys: ['ticket-1'],
  policies: { countsIn: ['all'] },
}

/** What a test does with a ledger, and what the model knows of it. */
type Known = {
  id: number
  at: number
  unfinished: boolean
  message: number | null
  attempt: number | null
  held: string
}
const ACT = fc.oneof(
  fc.record({ kind: fc.constant('record' as const), as: fc.constantFrom('bare', 'sent', 'scheduled') }),
  fc.record({ kind: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ kind: fc.constant('cancel' as const), nth: fc.nat(5) }),
  fc.record({ kind: fc.constant('round' as const), limit: fc.integer({ min: 1, max: 4 }) }),
)

async function recorded(ledger: Ledger, harness: SqliteHarness, as: string): Promise<Known> {
  const at = harness.clock.now()
  const none = { at, message: null, attempt: null, held: 'whole' }
  if (as === 'bare') {
    const { eventId } = await happens(ledger, harness, { said: { cancels: ['ticket-9'] } })
    return { ...none, id: eventId, unfinished: false }
  }
  if (as === 'sent') {
    const { id, attemptId } = await ended(ledger, harness, SENT, { message: MESSAGE })
    const message = await ledger.reads.message(id)
    return { ...none, id: message?.eventId ?? 0, unfinished: false, message: id, attempt: attemptId }
  }
  const id = await schedule(ledger, harness, { ...MESSAGE, dueAt: at + 10_000 * DAY })
  const message = await ledger.reads.message(id)
  return { ...none, id: message?.eventId ?? 0, unfinished: true, message: id }
}

/** What a round leaves of each event. */
function afterRound(known: readonly Known[], now: number): void {
  const last = (of: (one: Known) => number | null) => Math.max(...known.map((one) => of(one) ?? 0))
  const newest = [last(({ id }) => id), last(({ message }) => message), last(({ attempt }) => attempt)]
  for (const one of known) {
    if (one.unfinished || one.held === 'gone') continue
    if (one.at <= now - 30 * DAY) one.held = 'removed'
    const isNewest =
      one.id === newest[0] ||
      (one.message !== null && one.message === newest[1]) ||
      (one.attempt !== null && one.attempt === newest[2])
    if (one.at <= now - 365 * DAY && !isNewest) one.held = 'gone'
  }
}

describe('retention on a file', () => {
  test('removes exactly what is old and finished, whatever happened before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(ACT, { minLength: 5, maxLength: 25 }), (acts) =>
        onFile(async (harness) => {
          const ledger = await harness.open()
          const known: Known[] = []
          for (const act of [...acts, { kind: 'round', limit: 2 } as const]) {
            if (act.kind === 'record') known.push(await recorded(ledger, harness, act.as))
            if (act.kind === 'wait') harness.clock.advance(act.days * DAY)
            if (act.kind === 'cancel') {
              const one = known.filter(({ unfinished }) => unfinished)[act.nth]
              if (one?.message) {
                await ledger.cancel(one.message, { by: 'op', reason: null })
                one.unfinished = false
              }
            }
            if (act.kind !== 'round') continue
            await removeOld(ledger, act.limit)
            afterRound(known, harness.clock.now())
            const ids = known.map(({ id }) => id)
            assert.deepEqual(
              heldOf(harness.raw(), ids),
              known.map(({ held }) => held),
            )
            assert.deepEqual(orphansOf(harness.raw()), [])
          }
        }),
      ),
      { numRuns: 25 },
    )
  })

  test('killed at any step it loses nothing that is to stay, and the next service ends what it began', async () => {
    await onFile(async (harness) => {
      const ledger = await harness.open()
      const [old, stays]: [number[], number[]] = [[], []]
      for (let n = 0; n < 12; n += 1) {
        const one = await recorded(ledger, harness, n % 3 === 0 ? 'scheduled' : 'sent')
        const into = n % 3 === 0 ? stays : old
        into.push(one.id)
      }
      harness.clock.advance(340 * DAY)
      const younger: number[] = []
      for (let n = 0; n < 6; n += 1) younger.push((await recorded(ledger, harness, 'bare')).id)
      harness.clock.advance(40 * DAY)
      const newest = await recorded(ledger, harness, 'sent')
      await ledger.close()
      const killed: boolean[] = []
      for (let steps = 1; killed.at(-1) !== false; steps += 2) {
        killed.push(await killedAfter(steps, harness))
        const db = harness.raw()
        assert.deepEqual(
          heldOf(db, stays).filter((held) => held !== 'whole'),
          [],
        )
        assert.deepEqual(heldOf(db, [newest.id]), ['whole'])
        assert.deepEqual(orphansOf(db), [])
        assert.ok(killed.length < 40, 'it comes to an end')
      }
      assert.ok(killed.length > 3, `killed ${killed.length} times`)
      const again = await harness.open()
      await removeOld(again)
      assert.deepEqual(new Set(heldOf(harness.raw(), old)), new Set(['gone']))
      assert.deepEqual(new Set(heldOf(harness.raw(), younger)), new Set(['removed']))
      const [verdict] = harness.raw().prepare('PRAGMA integrity_check').all()
      assert.equal(verdict?.integrity_check, 'ok')
    })
  })

  test('a step costs the same with 50,000 old events as with 2,000', async () => {
    const costs: number[] = []
    for (const count of [2_000, 50_000]) {
      await onFile(async (harness) => {
        await (await harness.open()).close()
        seed(harness, count)
        const ledger = await harness.open()
        const times: number[] = []
        for (let round = 0; round < 30; round += 1) {
          const begun = performance.now()
          const step = await ledger.removeOld({ payloadMs: 30 * DAY, rowsMs: 365 * DAY, limit: 50 })
          times.push(performance.now() - begun)
          if (round > 1) assert.equal(step.payloads, 50)
        }
        costs.push(times.sort((a, b) => a - b)[15] ?? Number.NaN)
      })
    }
    const [few = 0, many = 0] = costs
    assert.ok(many < few * 10 + 1, `2,000: ${few.toFixed(2)} ms, 50,000: ${many.toFixed(2)} ms`)
  })
})

/** Lets a process remove what is old until it said so many steps, and kills it. False: it came to its end before. */
async function killedAfter(steps: number, { file, clock }: SqliteHarness): Promise<boolean> {
  const service = new URL('./retention-process.ts', import.meta.url).pathname
  const args = [service, file, String(clock.now())]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  let said = 0
  let ended = false
  for await (const line of createInterface({ input: child.stdout })) {
    said += 1
    ended ||= line === 'done'
    if (said === steps && !ended) child.kill('SIGKILL')
  }
  const [code, signal] = await exited
  assert.ok(code === 0 || signal === 'SIGKILL', `it ended with ${code}`)
  return !ended
}

/** So many old events, each with a message that was sent. */
function seed({ file, clock }: SqliteHarness, count: number): void {
  const at = clock.now() - 31 * DAY
  const db = new DatabaseSync(file)
  db.exec(`
    BEGIN;
    INSERT INTO lanes (id, route, source, channel) VALUES (1, 'greet', 'crm', 'email');
    INSERT INTO events (id, source, type, key, occurred_at, received_at, state, notes, config_version, raw)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
      SELECT i, 'crm', 't', 'k' || i, ${at}, ${at}, 'planned', '[]', 'c', x'7b7d' FROM n;
    INSERT INTO messages (event_id, lane, source, route, channel, state, due_at, expire_at, created_at, updated_at,
                          config_version, customer, policies)
      SELECT id, 1, 'crm', 'greet', 'email', 'failed', ${at}, ${at}, ${at}, ${at}, 'c', '{"email":"a@example.com"}',
             '{"mode":"live","channels":["email"],"once":null}'
      FROM events;
    COMMIT;
  `)
  db.close()
}
