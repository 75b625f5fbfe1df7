import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { onceKeyHash } from '../../src/ledger/hashes.ts'
import { ledger as first } from '../../src/ledger/migrations/0001-ledger.ts'
import { looks } from '../../src/ledger/migrations/0002-looks.ts'
import { sources } from '../../src/ledger/migrations/0003-sources.ts'
import {
  claimAll,
  claimLooks,
  claimOne,
  DAY,
  draft,
  entry,
  happens,
  messageWith,
  SENT,
  schedule,
  UNCONFIRMED,
  waitOf,
} from './contract/build.ts'
import { type SqliteHarness, sqliteHarness } from './sqlite-harness.ts'

/** What the first version wrote as a message's policies. */
const POLICIES = {
  mode: 'live',
  findBy: ['email'],
  externalSource: null,
  template: 'hello',
  channels: ['webmessaging', 'email'],
  once: null,
  expireAfterMs: DAY,
  brake: null,
  maxAttempts: 8,
  onUnconfirmed: 'hold',
}
const STATES = ['scheduled', 'sending', 'unconfirmed', 'sent'] as const

/** A ledger as the first version left it: a message in each of these states, numbered from 1, all but the first with an attempt. */
function writeFirst({ file, clock }: SqliteHarness): void {
  const db = new DatabaseSync(file)
  const now = clock.now()
  db.exec('CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID')
  db.exec(first.sqlite())
  db.exec(`
    INSERT INTO meta (name, value) VALUES ('schema', '1'), ('host', 'api.mypurecloud.de');
    INSERT INTO lanes (id, route, source, channel) VALUES (1, 'greet', 'crm', 'webmessaging');
    UPDATE budget SET tat = ${now + 1000};
  `)
  const event = db.prepare(
    `INSERT INTO events (id, source, type, key, occurred_at, received_at, state, notes, config_version, raw)
     VALUES (?, 'crm', 'ticket.resolved', ?, ?, ?, 'planned', '[]', 'c', x'7b7d')`,
  )
  const message = db.prepare(
    `INSERT INTO messages (event_id, lane, source, route, channel, state, due_at, expire_at, attempts, contact_id, conversation_id,
                           sent_at, created_at, updated_at, config_version, customer, policies)
     VALUES (?, 1, 'crm', 'greet', 'webmessaging', ?, ?, ?, ?, ?, ?, ?, ?, ?, 'c', '{"email":"ann@example.com"}', ?)`,
  )
  const attempt = db.prepare(
    `INSERT INTO attempts (message_id, number, channel, outcome, opened_at, contact_id, conversation_id, genesys_message_id, rendered)
     VALUES (?, 1, 'webmessaging', ?, ?, 'contact-1', ?, ?, ?)`,
  )
  STATES.forEach((state, n) => {
    const id = n + 1
    const sent = state === 'sent'
    event.run(id, `k${id}`, now, now)
    message.run(
      id,
      state,
      now,
      now + DAY,
      n === 0 ? 0 : 1,
      n === 0 ? null : 'contact-1',
      sent ? 'conv-1' : null,
      sent ? now : null,
      now,
      now,
      JSON.stringify(POLICIES),
    )
    if (n === 0) return
    const outcome = state === 'sending' ? 'open' : state
    const rendered = JSON.stringify(draft().rendered)
    attempt.run(id, outcome, now, sent ? 'conv-1' : null, sent ? 'gen-1' : null, rendered)
  })
  db.close()
}

async function onFirst(body: (harness: SqliteHarness) => Promise<void>): Promise<void> {
  const harness = await sqliteHarness()
  try {
    writeFirst(harness)
    await body(harness)
  } finally {
    await harness.dispose()
  }
}

describe('a ledger of the first version', () => {
  test('is brought up to date where it lies, and all that it holds can be read', () =>
    onFirst(async (harness) => {
      const ledger = await harness.open({ owner: false })
      const messages = await ledger.reads.messages({ limit: 10 })
      assert.deepEqual(messages.map(({ state }) => state).sort(), [...STATES].sort())
      for (const message of messages) {
        assert.deepEqual(message.policies, {
          ...POLICIES,
          requireSessionMs: null,
          activeConversation: 'wait',
          onUndelivered: 'none',
          purpose: 'service',
          oncePerMs: null,
          onRepeat: 'keep',
          quietHours: null,
          cap: null,
          onCap: 'skip',
          countsIn: [],
        })
        const { waits, looks, lookAt, lastLook, session, deliveryReason } = message
        assert.deepEqual(
          [waits, looks, lookAt, lastLook, session, deliveryReason],
          [0, 0, null, null, null, null],
        )
      }
      const [attempt] = await ledger.reads.attempts(4)
      assert.deepEqual(
        [attempt?.outcome, attempt?.conversationId, attempt?.address],
        ['sent', 'conv-1', null],
      )
      assert.equal((await ledger.reads.summary()).host, 'api.mypurecloud.de')
      assert.equal(harness.raw().prepare(`SELECT value FROM meta WHERE name = 'schema'`).get()?.value, '9')
    }))

  test('has events that say of their sender what was known', () =>
    onFirst(async (harness) => {
      const ledger = await harness.open({ owner: false })
      const events = await ledger.reads.events({ limit: 10, type: 'ticket.*' })
      assert.equal(events.length, STATES.length)
      for (const { type, senderType, subject, headers } of events) {
        assert.deepEqual(
          [type, senderType, subject, headers],
          ['ticket.resolved', 'ticket.resolved', null, {}],
        )
      }
      assert.deepEqual(
        harness
          .raw()
          .prepare('SELECT DISTINCT sender_type, subject, headers FROM events')
          .all()
          .map(Object.values),
        [[null, null, null]],
      )
      const now = harness.clock.now()
      const more = {
        type: 'ticket.resolved',
        senderType: 'solved',
        subject: 'T-7',
        headers: { 'x-topic': 'solved' },
      }
      const [recorded] = await ledger.record([entry(now, 'later', [], more)])
      assert.ok(recorded?.kind === 'recorded')
      const later = await ledger.reads.event(recorded.eventId)
      assert.deepEqual([later?.senderType, later?.subject, later?.headers], ['solved', 'T-7', more.headers])
    }))

  test('nor does one of the second version lose anything', () =>
    onFirst(async (harness) => {
      const db = new DatabaseSync(harness.file)
      db.exec(looks.sqlite())
      db.exec(`UPDATE meta SET value = '2' WHERE name = 'schema'; UPDATE messages SET waits = 3 WHERE id = 1`)
      db.close()
      const ledger = await harness.open({ owner: false })
      assert.equal((await messageWith(ledger, 1)).waits, 3)
      const event = await ledger.reads.event(1)
      assert.deepEqual([event?.senderType, event?.headers], ['ticket.resolved', {}])
      assert.equal(harness.raw().prepare(`SELECT value FROM meta WHERE name = 'schema'`).get()?.value, '9')
    }))

  test('nor one of the third, whose messages bear no names and wait for nobody', () =>
    onFirst(async (harness) => {
      const { clock, file } = harness
      const db = new DatabaseSync(file)
      db.exec(looks.sqlite())
      db.exec(sources.sqlite())
      db.exec(`UPDATE meta SET value = '3' WHERE name = 'schema'`)
      db.prepare('INSERT INTO once_keys (hash, message_id) VALUES (?, 4)').run(onceKeyHash('greet', 'T-7'))
      db.close()
      const ledger = await harness.open({ owner: false })
      const now = clock.now()
      const named = { names: ['email:ann@example.com'] }
      await ledger.suppress(['phone:+1'], { channels: null, reason: 'x', by: 'ann' })
      const later = await schedule(ledger, harness, { ...named, route: 'other', cancelKeys: ['key'] })
      await happens(ledger, harness, { said: { cancels: ['other'] } })
      const claimed = await claimAll(ledger)
      assert.deepEqual(
        claimed.map(({ message }) => message.id),
        [1, later],
      )
      for (const { lease } of claimed) assert.equal((await ledger.open(lease, draft())).kind, 'open')

      // A key that was taken before is as old as its message.
      const keyed = { policies: { once: 'T-7', oncePerMs: DAY } }
      clock.advance(now + DAY - 1 - clock.now())
      assert.equal((await messageWith(ledger, await schedule(ledger, harness, keyed))).code, 'once')
      clock.advance(1)
      assert.equal((await messageWith(ledger, await schedule(ledger, harness, keyed))).state, 'scheduled')
    }))

  test('goes on with what it had begun', () =>
    onFirst(async (harness) => {
      const ledger = await harness.open()
      const { clock } = harness
      // What was being sent is looked for; what waits for an operator still does.
      const interrupted = await messageWith(ledger, 2)
      assert.deepEqual([interrupted.state, interrupted.code], ['unconfirmed', 'interrupted'])
      clock.advance(DAY / 2)
      assert.deepEqual(
        (await claimLooks(ledger)).map(({ message }) => message.id),
        [2],
      )
      assert.equal((await ledger.settleByHand(3, { by: 'ann', as: 'sent', reason: null })).kind, 'done')

      const { lease, message } = await claimOne(ledger)
      assert.equal(message.id, 1)
      const opened = await ledger.open(lease, draft())
      assert.ok(opened.kind === 'open')
      assert.equal(await ledger.settle(opened.attempt.id, { ...UNCONFIRMED, lookInMs: 0 }), true)
      assert.equal(await ledger.settle(opened.attempt.id, SENT), true)
      assert.equal(await waitOf(ledger, 300), 0)

      const undelivered = { conversationId: 'conv-1', genesysMessageIds: ['gen-1'] }
      await ledger.record([entry(clock.now(), 'report', [], { undelivered })])
      assert.deepEqual(
        [(await messageWith(ledger, 4)).delivery, (await messageWith(ledger, 4)).state],
        ['undelivered', 'sent'],
      )
    }))

  test('is left as it is where it cannot be brought up to date', () =>
    onFirst(async ({ open, raw, file }) => {
      raw().exec('CREATE INDEX attempts_by_conversation ON attempts (conversation_id)')
      await assert.rejects(open(), (error) => error instanceof Error && error.message.includes(file))
      assert.equal(raw().prepare(`SELECT value FROM meta WHERE name = 'schema'`).get()?.value, '1')
      assert.equal(raw().prepare(`SELECT * FROM messages LIMIT 1`).get()?.looks, undefined)
      raw().exec('DROP INDEX attempts_by_conversation')
      assert.equal((await (await open()).reads.summary()).messages.sent, 1)
    }))
})
