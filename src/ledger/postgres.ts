import { randomUUID } from 'node:crypto'
import { Kysely, PostgresDialect } from 'kysely'
import { type Clock, systemClock } from '../clock.ts'
import { PostriderError } from '../errors.ts'
import type { Log } from '../log.ts'
import { assemble } from './assemble.ts'
import type { Ledger } from './ledger.ts'
import { createNames } from './names.ts'
import { listen } from './postgres/listen.ts'
import { migrateAt } from './postgres/migrate.ts'
import { readPool } from './postgres/read-pool.ts'
import { ledgerError } from './postgres/trouble.ts'
import type { Question } from './postgres/writer-thread.ts'
import type { Schema } from './schema.ts'
import { startWriter, type Writer } from './writer.ts'

export type PostgresOptions = {
  url: string
  key: Uint8Array
  clock: Clock
  log: Log
  /** An instance that receives and delivers; others act beside it. */
  owner: boolean
  groupLimit?: number
}

/** A second's worth of requests at full speed; whoever came later is asked to come again rather than kept waiting. */
const GROUP_LIMIT = 10_000
/** As for a file (sqlite.ts), and more, because a commit costs as much for many as for few. Measured with 32 and with 256 senders that wait for their answers. */
const ENOUGH = 24
/** A statement of ours takes milliseconds. */
const WRITE_MS = 10_000
/** Connections of one instance: two write, one listens, one reads what takes long, and these read. */
const READERS = 3

/**
 * Opens the ledger in a PostgreSQL database, and creates or migrates it where needed; any number of instances may do so at once. Rejects as `openLedger` says, with nothing left open. A server that is
 * gone later makes calls reject until it is back; nothing has to be opened anew.
 */
export async function openPostgres(options: PostgresOptions): Promise<Ledger> {
  const { url, key, clock, log, owner, groupLimit: limit = GROUP_LIMIT } = options
  const place = placeOf(url)
  const { whyUnusable } = await migrateAt(url, place)
  // The thread asks once more, when it has the ledger to itself; while a copy runs it would wait for that in vain.
  if (whyUnusable !== null) throw new PostriderError('LEDGER_UNAVAILABLE', whyUnusable)
  const listeners = new Set<() => void>()
  const due = () => {
    for (const listener of listeners) listener()
  }
  const instance = randomUUID()
  const listening = owner ? listen({ url, instance, log, due }) : null
  try {
    const started = (isOwner: boolean): Promise<Writer> =>
      startWriter({
        module: new URL('./postgres/writer-thread.ts', import.meta.url),
        place,
        opening: {
          kind: 'open',
          url,
          owner: isOwner,
          now: clock.now(),
          hasOwnTime: clock !== systemClock,
          key,
          instance,
          timeoutMs: WRITE_MS,
        } satisfies Question,
        clock,
        limit,
        enough: ENOUGH,
        due,
      })
    const writer = owner ? await bothOf(started) : await started(false)
    // By this connection others see that somebody is at work here, from the beginning.
    await listening?.begun
    if (writer.interrupted > 0) {
      log.warn(
        'messages were being sent when an instance stopped and are looked for in Genesys Cloud: postrider messages list --state unconfirmed',
        { count: writer.interrupted, state: 'unconfirmed' },
      )
    }
    const [pool, longPool] = [readPool(url, place, READERS), readPool(url, place, 1)]
    return assemble({
      writer,
      db: new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) }),
      long: new Kysely<Schema>({ dialect: new PostgresDialect({ pool: longPool }) }),
      names: createNames(key),
      onDue(listener) {
        listeners.add(listener)
        return () => {
          listeners.delete(listener)
        }
      },
      clock,
      log,
      // Kysely closes only what it used.
      readsClosed: () => Promise.all([pool.end(), longPool.end()]),
      release: () => listening?.close(),
    })
  } catch (error) {
    await listening?.close()
    throw ledgerError(error, place)
  }
}

/**
 * One that records what comes in, and one for all else. What sends waits for its turn among all instances (needs.ts); senders of webhooks are not to wait for that too. Rejects as `startWriter`
 * does, with nothing left open.
 */
async function bothOf(start: (isOwner: boolean) => Promise<Writer>): Promise<Writer> {
  const writer = await start(true)
  let recording: Writer
  try {
    recording = await start(false)
  } catch (error) {
    await writer.close()
    throw error
  }
  return {
    ...writer,
    call: (verb, ...args) => (verb === 'record' ? recording : writer).call(verb, ...args),
    async close() {
      await Promise.all([recording.close(), writer.close()])
    },
  }
}

/** Server and database, without user and password. */
export function placeOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `postgres://${host}${pathname}`
}
