import assert from 'node:assert/strict'
import { Client } from 'pg'

/** A message that Genesys took. `at`: epoch milliseconds. */
export type Sent = { ticket: string; at: number }

type Row = {
  id: number
  ticket: string
  state: string
  code: string | null
  due_at: number
  attempts: number
  looks: number
  updated_at: number
  opened_at: number | null
}

/** How much later than those of the same time a message may leave: until an instance that held it is missed, and it is claimed anew. */
const LONGEST_WAIT_MS = 60_000

/** Holds what the ledger and Genesys have against what was acknowledged. Throws what was not kept. */
export async function assertKept(of: {
  url: string
  sent: readonly Sent[]
  /** When each ticket was acknowledged, in epoch milliseconds. */
  posted: ReadonlyMap<string, number>
  cap: number
}): Promise<{ sent: number; skippedByCap: number; unconfirmed: number }> {
  const rows = await messagesIn(of.url)
  const byTicket = Map.groupBy(rows, ({ ticket }) => ticket)
  const sentTo = Map.groupBy(of.sent, ({ ticket }) => ticket)
  const counts = { sent: 0, skippedByCap: 0, unconfirmed: 0 }

  for (const ticket of of.posted.keys()) {
    const found = byTicket.get(ticket) ?? []
    assert.equal(found.length, 1, `${ticket} was acknowledged and has ${found.length} messages`)
    const [row] = found
    const times = sentTo.get(ticket)?.length ?? 0
    assert.ok(times <= 1, `${ticket} was sent ${times} times`)
    if (row?.state === 'sent') {
      counts.sent += 1
      assert.equal(times, 1, `${ticket} is sent, and Genesys has it ${times} times`)
    } else if (row?.state === 'skipped' && row.code === 'cap') {
      counts.skippedByCap += 1
      assert.equal(times, 0, `${ticket} was skipped and sent`)
    } else {
      assert.equal(row?.state, 'unconfirmed', `${ticket} is ${row?.state} (${row?.code})`)
      assert.ok((row?.attempts ?? 0) > 0, `${ticket} is unconfirmed without an attempt`)
      counts.unconfirmed += 1
    }
  }

  const customers = Map.groupBy(rows, customerOf)
  for (const [customer, own] of customers) {
    const times = own.filter(({ ticket }) => sentTo.has(ticket)).length
    assert.ok(times <= of.cap, `customer ${customer} was sent ${times} messages, and ${of.cap} are allowed`)
    assertInOrder(own, of.posted)
  }
  assertNobodyStarved(rows)
  return counts
}

async function messagesIn(url: string): Promise<Row[]> {
  const db = new Client({ connectionString: url })
  await db.connect()
  try {
    const { rows } = await db.query(
      `SELECT messages.id::int, events.subject AS ticket, messages.state, messages.code, due_at::float, updated_at::float, attempts::int, looks::int,
         (SELECT min(opened_at)::float FROM attempts WHERE message_id = messages.id) AS opened_at
       FROM messages JOIN events ON events.id = messages.event_id`,
    )
    return rows
  } finally {
    await db.end()
  }
}

/** None leaves before another one of its customer that was due before it and acknowledged by then: until its commit nobody can know of it. What had trouble of its own waits for that. */
function assertInOrder(own: readonly Row[], acknowledged: ReadonlyMap<string, number>): void {
  const smooth = own
    .filter(({ attempts, opened_at }) => attempts === 1 && opened_at !== null)
    .toSorted((a, b) => (a.opened_at ?? 0) - (b.opened_at ?? 0))
  smooth.forEach((row, n) => {
    for (const later of smooth.slice(n + 1)) {
      const tooEarly = (row.opened_at ?? 0) - (acknowledged.get(later.ticket) ?? 0)
      assert.ok(
        tooEarly <= 0 || !isBefore(later, row),
        `${row.ticket} left before ${later.ticket}, which was due before it and acknowledged ${tooEarly} ms before that`,
      )
    }
  })
}

function isBefore(one: Row, other: Row): boolean {
  return one.due_at < other.due_at || (one.due_at === other.due_at && one.id < other.id)
}

/** Who waits longest waits no longer than those who were due at that time, but for what an instance took with it: what was being sent, which is looked for, and what waits for it in its customer's line. */
function assertNobodyStarved(rows: readonly Row[]): void {
  const trouble = Map.groupBy(rows.filter(hadTrouble), customerOf)
  const smooth = rows.filter(({ attempts, opened_at }) => attempts === 1 && opened_at !== null)
  const due = smooth.toSorted((a, b) => a.due_at - b.due_at || a.id - b.id)
  const opened = smooth.map(({ opened_at }) => opened_at ?? 0).sort((a, b) => a - b)
  for (const [n, row] of due.entries()) {
    if (trouble.get(customerOf(row))?.some((other) => heldUp(row, other))) continue
    const late = (row.opened_at ?? 0) - (opened[n] ?? 0)
    assert.ok(late <= LONGEST_WAIT_MS, `${row.ticket} left ${Math.round(late / 1000)} s after its turn`)
  }
}

function customerOf({ ticket }: Row): string | undefined {
  return ticket.split('-')[1]
}

/** It was interrupted while it was being sent. */
function hadTrouble({ state, attempts, looks }: Row): boolean {
  return attempts > 1 || looks > 0 || state === 'unconfirmed'
}

/** Whether one was due while the other, of the same customer, was not settled. */
function heldUp(one: Row, other: Row): boolean {
  const { opened_at: from } = other
  return from !== null && from <= (one.opened_at ?? 0) && one.due_at <= other.updated_at
}
