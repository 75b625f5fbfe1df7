import type { Value } from './side.ts'

/** A table as it is copied. `key`: its primary key, in whose order it is read. */
export type Table = {
  name: string
  key: readonly string[]
  /** Rows of one batch. */
  atOnce: number
  /** Which rows; all where it says nothing. */
  where?: string
  /** Columns that hold this in the copy, whatever they held. */
  instead?: Readonly<Record<string, Value>>
  /** What the copy holds already when this table's turn comes is no row of the source. */
  isEmptiedFirst?: boolean
}

const AT_ONCE = 2_000
/** Where a row may be a megabyte. */
const FEW_AT_ONCE = 500

function table(name: string, key: readonly string[], more: Partial<Table> = {}): Table {
  return { name, key, atOnce: AT_ONCE, ...more }
}

/**
 * In the order in which they refer to each other (messages to events and lanes), so that no row comes before the one it belongs to.
 *
 * Triggers of the copy fire as at any other time, and are not in the way: rows of the trail come in order, as it wants them; states are guarded when they change, and nothing is changed here. What counts messages when they
 * are planned counts those that are copied too: so `tallies` comes after `messages`, and what was counted is taken out first. To switch triggers off would save a tenth of the time for messages; but a copy that was killed
 * would leave a ledger without its guards, and SQLite has no such switch.
 */
export const TABLES: readonly Table[] = [
  table('sources', ['name']),
  table('events', ['id'], { atOnce: FEW_AT_ONCE }),
  table('event_keys', ['hash']),
  table('lanes', ['id']),
  table('messages', ['id'], {
    // Nobody holds a lease of the copy.
    instead: { lease_owner: null, lease_token: null, lease_until: 0 },
  }),
  table('message_identifiers', ['block', 'hash', 'message_id']),
  table('once_keys', ['hash']),
  table('attempts', ['id'], { atOnce: FEW_AT_ONCE }),
  table('turns', ['hash', 'message_id']),
  table('cancellations', ['hash', 'occurred_at', 'event_id']),
  table('cancel_keys', ['hash', 'message_id']),
  table('replaced', ['event_id', 'route']),
  table('customer_sends', ['hash', 'cap_group', 'opened_at', 'attempt_id']),
  table('suppressions', ['hash', 'channel']),
  table('consents', ['hash']),
  table('pauses', ['id']),
  table('route_opens', ['route', 'per_ms', 'bucket']),
  table('refused', ['hour', 'source', 'reason']),
  table('budget', ['id'], { isEmptiedFirst: true }),
  table('kept_payloads', ['event_id']),
  table('operators', ['id']),
  table('sessions', ['hash']),
  table('api_tokens', ['id']),
  table('failed_logins', ['hash']),
  table('audit', ['id']),
  table('idempotency_keys', ['hash'], { atOnce: FEW_AT_ONCE }),
  table('runs', ['id']),
  table('run_messages', ['run_id', 'message_id']),
  table('refused_deliveries', ['id'], { atOnce: FEW_AT_ONCE }),
  table('notices', ['id']),
  table('tallies', ['minute', 'kind', 'name'], { isEmptiedFirst: true }),
  // Where it sends goes along (`host`), and by which key names are hashed; how far the schema is, and what was copied, is each ledger's own.
  table('meta', ['name'], { where: `name NOT IN ('schema', 'copy', 'moved')`, isEmptiedFirst: true }),
]

/** Who is at work with the source is nobody in the copy; the pages that `purge` fills are SQLite's own. */
export const NOT_COPIED: readonly string[] = ['instances', 'blank_pages']
