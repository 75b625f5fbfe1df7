import { Kysely } from 'kysely'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { assemble } from './assemble.ts'
import { keyBeside } from './key.ts'
import type { Ledger } from './ledger.ts'
import { createNames } from './names.ts'
import type { Schema } from './schema.ts'
import { createFile } from './sqlite/database.ts'
import { readerDialect } from './sqlite/dialect.ts'
import { takeOwnership } from './sqlite/ownership.ts'
import { createReader } from './sqlite/reader.ts'
import { ledgerError } from './sqlite/trouble.ts'
import type { Question } from './sqlite/writer-thread.ts'
import { startWriter } from './writer.ts'

export type SqliteOptions = {
  file: string
  clock: Clock
  log: Log
  owner: boolean
  key?: Uint8Array
  groupLimit?: number
}

/** A second's worth of requests at full speed; whoever came later is asked to come again rather than kept waiting. */
const GROUP_LIMIT = 10_000
/**
 * With so many events the thread begins to write while the other one reads further requests: with all that a turn of the event loop brings, one of the two mostly waits for the other. Measured with 32
 * senders that wait for their answers: with 8 a commit costs too much of each event.
 */
const ENOUGH = 12

/**
 * Opens, and creates or migrates where needed, the ledger in a file. One thread writes, another reads for operators, a third answers what takes them long, and this one,
 * which serves HTTP, waits for none of them. Rejects as `openLedger` says, with nothing left open.
 */
export async function openSqlite(options: SqliteOptions): Promise<Ledger> {
  const { file, key, clock, log, owner, groupLimit: limit = GROUP_LIMIT } = options
  createFile(file)
  let ownership: { release(): void } | null = null
  try {
    ownership = owner ? takeOwnership(file) : null
    const listeners = new Set<() => void>()
    const due = () => {
      for (const listener of listeners) listener()
    }
    const writer = await startWriter({
      module: new URL('./sqlite/writer-thread.ts', import.meta.url),
      place: file,
      opening: { kind: 'open', owner, key: key ?? null, now: clock.now() } satisfies Question,
      clock,
      limit,
      enough: ENOUGH,
      due,
    })
    if (writer.interrupted > 0) {
      log.warn(
        'messages were being sent when the service stopped and are looked for in Genesys Cloud: postrider messages list --state unconfirmed',
        { count: writer.interrupted, state: 'unconfirmed' },
      )
    }
    // The thread made it where there was none, once it had found that the file is a ledger.
    const names = createNames(key ?? keyBeside(file, false))
    const [reader, longReader] = [createReader(file), createReader(file)]
    return assemble({
      writer,
      db: new Kysely<Schema>({ dialect: readerDialect(reader) }),
      long: new Kysely<Schema>({ dialect: readerDialect(longReader) }),
      names,
      onDue(listener) {
        listeners.add(listener)
        return () => {
          listeners.delete(listener)
        }
      },
      clock,
      log,
      // Kysely closes only what it used.
      readsClosed: () => Promise.all([reader.close(), longReader.close()]),
      release: () => ownership?.release(),
    })
  } catch (error) {
    ownership?.release()
    throw ledgerError(error, file)
  }
}
