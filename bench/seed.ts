import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { SingleBar } from 'cli-progress'
import { systemClock } from '../src/clock.ts'
import type { Config } from '../src/config/config.ts'
import type { Ledger, Recordable } from '../src/ledger/ledger.ts'
import { openLedger } from '../src/ledger/open.ts'
import { silentLog } from '../src/log.ts'
import { planEvent } from '../src/plan/plan.ts'
import { readDelivery } from '../src/receive/sources/read.ts'
import { loadBenchConfig } from './config.ts'

const DAY_MS = 86_400_000
/** So many are recorded in one transaction. */
const BATCH = 2_000
/** Of a thousand events, how many come to what; the others' messages are sent. */
const OF_A_THOUSAND = { unrouted: 40, unreadable: 2, failed: 30, skipped: 20, unconfirmed: 1 } as const

/**
 * Fills a ledger with events and messages as a service would have left them: recorded by the ledger's own functions, then spread over the last `days` and ended by statements of our own, because a million
 * sends would take days. One customer of each thousand messages comes again.
 */
export async function seed(
  file: string,
  config: Config,
  { events, days, seeded = () => {} }: { events: number; days: number; seeded?: (count: number) => void },
): Promise<void> {
  const now = Date.now()
  const ledger = await openLedger({ url: `sqlite:${file}`, clock: systemClock, log: silentLog, owner: true })
  try {
    for (let from = 0; from < events; from += BATCH) {
      const count = Math.min(BATCH, events - from)
      await record(ledger, config, {
        from,
        count,
        at: (n) => Math.round(now - days * DAY_MS * (1 - n / events)),
      })
      seeded(from + count)
    }
  } finally {
    await ledger.close()
  }
  endAll(file)
}

async function record(
  ledger: Pick<Ledger, 'record'>,
  config: Config,
  { from, count, at }: { from: number; count: number; at: (n: number) => number },
): Promise<void> {
  const source = { name: 'crm', preset: 'standard-webhooks', custom: null } as const
  const { unrouted, unreadable } = OF_A_THOUSAND
  const entries = Array.from({ length: count }, (_, nth): Recordable => {
    const n = from + nth
    const kind = n % 1_000
    const type = kind < unrouted ? 'ticket.opened' : 'ticket.resolved'
    const customer = {
      id: `S-${n % 997_003}`,
      email: `s${n % 997_003}@example.com`,
      name: 'A Customer',
      locale: 'en',
    }
    const ticket = { id: n, subject: 'Where is my parcel?', note: 'It is on its way. '.repeat(30) }
    const body =
      kind >= 1_000 - unreadable ? 'not JSON' : JSON.stringify({ type, data: { customer, ticket } })
    const delivery = { body: Buffer.from(body), rawHeaders: [], receivedAt: at(n) }
    const [event] = readDelivery(source, delivery, `msg_seed_${n}`)
    if (event === undefined) throw new Error('the example holds no event')
    const keepKeyForMs = 30 * DAY_MS
    if ('reason' in event) return { kind: 'unreadable', event, configVersion: config.version, keepKeyForMs }
    return { kind: 'event', event, plan: planEvent(event, config), keepKeyForMs }
  })
  await ledger.record(entries)
}

/** Ends the messages, each with the attempt that did it, at the time of its event. */
function endAll(file: string): void {
  const { failed, skipped, unconfirmed } = OF_A_THOUSAND
  const db = new DatabaseSync(file)
  try {
    db.exec(`
      PRAGMA synchronous = OFF;
      DELETE FROM tallies;
      UPDATE messages SET state = 'sending' WHERE id % 1000 >= ${failed + skipped};
      UPDATE messages SET
        state = CASE WHEN id % 1000 < ${failed} THEN 'failed'
                     WHEN id % 1000 < ${failed + skipped} THEN 'skipped'
                     WHEN id % 1000 < ${failed + skipped + unconfirmed} THEN 'unconfirmed'
                     ELSE 'sent' END,
        created_at = (SELECT received_at FROM events WHERE events.id = event_id),
        updated_at = (SELECT received_at FROM events WHERE events.id = event_id) + 900,
        attempts = 1;
      UPDATE messages SET sent_at = updated_at, contact_id = 'contact-' || id, conversation_id = 'conversation-' || id
        WHERE state = 'sent';
      UPDATE messages SET code = 'rejected', reason = 'Genesys Cloud rejected the message (400 bad.request: no.). Mend the cause, then re-trigger.'
        WHERE state = 'failed';
      UPDATE messages SET code = 'expired', reason = 'It was to be sent earlier.', attempts = 0 WHERE state = 'skipped';
      UPDATE messages SET code = 'no-answer', reason = 'No usable answer came back.' WHERE state = 'unconfirmed';
      INSERT INTO attempts (message_id, number, channel, outcome, opened_at, settled_at, status, reason, correlation_id,
                            conversation_id, genesys_message_id, contact_id, rendered)
        SELECT id, 1, channel, state, created_at + 500, updated_at, CASE state WHEN 'sent' THEN 200 WHEN 'failed' THEN 400 END, reason,
               'correlation-' || id, conversation_id, 'genesys-' || id, contact_id,
               '{"channel":"webmessaging","text":"Your ticket is resolved.","templateVersion":"ticket-resolved.liquid@00000000"}'
        FROM messages WHERE state <> 'skipped';
      DELETE FROM turns;
      ANALYZE;
      PRAGMA wal_checkpoint(TRUNCATE);
    `)
  } finally {
    db.close()
  }
}

/** `node bench/seed.ts FILE [--events N] [--days N]`: a ledger to try the console with; its configuration lies beside it. */
if (import.meta.main) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { events: { type: 'string', default: '1000000' }, days: { type: 'string', default: '20' } },
  })
  const [file] = positionals
  if (file === undefined) {
    console.error('Which file? node bench/seed.ts data/seeded.db')
    process.exitCode = 2
  } else {
    const events = Number(values.events)
    const bar = process.stderr.isTTY
      ? new SingleBar({ format: '{bar} {value}/{total} events, {eta} s left' })
      : null
    bar?.start(events, 0)
    const config = loadBenchConfig(`${file}.config`)
    await seed(file, config, { events, days: Number(values.days), seeded: (count) => bar?.update(count) })
    bar?.stop()
    console.log(`${events} events in ${file}; the configuration is ${config.file}`)
  }
}
