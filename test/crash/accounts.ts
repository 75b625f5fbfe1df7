import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import { fileOf } from '../../src/ledger/open.ts'

/** When the ledger was away, in epoch milliseconds. */
export type Away = { from: number; until: number }

export type Accounts = {
  sent: number
  unconfirmed: number
  /** The longest time from the receipt of an event to the end of its message, in milliseconds. */
  longestMs: number
}

export type Row = {
  ticket: string
  state: string
  code: string | null
  reason: string | null
  created_at: number
  updated_at: number
  opened_at: number | null
}

/** Longer than a lease, after which a message is claimed again. */
const LONGEST_MS = 150_000

/**
 * Waits until nothing more happens by itself, and holds what the ledger and Genesys have against what was acknowledged: each has its one message, sent once; or unconfirmed, and only where an attempt was
 * open while the ledger was away. Throws what is not so.
 */
export async function assertAccounts(of: {
  url: string
  acknowledged: readonly string[]
  sent: readonly string[]
  away: readonly Away[]
}): Promise<Accounts> {
  const rows = await settledRows(of.url)
  const byTicket = Map.groupBy(rows, ({ ticket }) => ticket)
  const sentOf = Map.groupBy(of.sent, (ticket) => ticket)
  let unconfirmed = 0
  assert.equal(rows.length, of.acknowledged.length, 'messages, and events that were acknowledged')
  for (const ticket of of.acknowledged) {
    const [row, ...more] = byTicket.get(ticket) ?? []
    assert.ok(row, `${ticket} was acknowledged and is lost`)
    assert.deepEqual(more, [])
    const times = sentOf.get(ticket)?.length ?? 0
    assert.ok(times <= 1, `${ticket} was sent ${times} times`)
    if (row.state === 'sent') assert.equal(times, 1, `${ticket} is sent`)
    else {
      assert.equal(row.state, 'unconfirmed', `${ticket} is ${row.state} (${row.code}: ${row.reason})`)
      assert.ok(wasOpen(row, of.away), `${ticket} is unconfirmed (${row.code}), opened at ${row.opened_at}`)
      unconfirmed += 1
    }
  }
  const longestMs = Math.max(0, ...rows.map(({ created_at, updated_at }) => updated_at - created_at))
  return { sent: rows.length - unconfirmed, unconfirmed, longestMs }
}

/** Its last attempt was opened before the ledger was back, and the ledger went away before it was settled: within the time that a request takes. */
function wasOpen({ opened_at }: Row, away: readonly Away[]): boolean {
  if (opened_at === null) return false
  return away.some(({ from, until }) => opened_at <= until && opened_at >= from - REQUEST_MS)
}

const REQUEST_MS = 20_000

/** Waits until nothing more happens by itself. */
export async function settledRows(url: string): Promise<Row[]> {
  const ledger = await readerOf(url)
  try {
    const until = performance.now() + LONGEST_MS
    for (;;) {
      const rows = await ledger.rows()
      const open = rows.filter(({ state }) => state === 'scheduled' || state === 'sending')
      if (open.length === 0) return rows
      const [first] = open
      assert.ok(performance.now() < until, `${open.length} are not sent; ${first?.ticket} is ${first?.state}`)
      await wait(50)
    }
  } finally {
    await ledger.close()
  }
}

const ROWS = `SELECT events.subject AS ticket, messages.state, messages.code, messages.reason,
    messages.created_at, messages.updated_at, (SELECT max(opened_at) FROM attempts WHERE message_id = messages.id) AS opened_at
  FROM messages JOIN events ON events.id = messages.event_id`

async function readerOf(url: string): Promise<{ rows(): Promise<Row[]>; close(): Promise<void> }> {
  const file = fileOf(url)
  if (file !== undefined) {
    const db = new DatabaseSync(file, { readOnly: true })
    return { rows: async () => db.prepare(ROWS).all() as Row[], close: async () => db.close() }
  }
  const client = new Client({ connectionString: url })
  await client.connect()
  return {
    async rows() {
      const { rows } = await client.query(ROWS)
      return rows.map((row) => ({
        ...row,
        created_at: Number(row.created_at),
        updated_at: Number(row.updated_at),
        opened_at: row.opened_at === null ? null : Number(row.opened_at),
      }))
    },
    close: () => client.end(),
  }
}
