import { randomUUID } from 'node:crypto'
import { type Clock, systemClock } from '../../clock.ts'
import type { Mentions } from '../mentions.ts'
import { createNames } from '../names.ts'
import type { Erased, Erasing } from '../purge.ts'
import { createPurge, type Purge } from '../purging.ts'
import { createRememberKey } from '../verbs/house.ts'
import { createInstances } from '../verbs/instances.ts'
import { createRecover } from '../verbs/recover.ts'
import { createStore } from '../verbs/store.ts'
import { type Connection, connectBridge } from './bridge.ts'
import { openClient } from './client.ts'
import { migrateAt } from './migrate.ts'
import { cleanUp, searchRows, searchStatistics, tablesIn } from './purge-proof.ts'
import { DIALECT, preparer } from './statements.ts'
import { transactionsOf } from './transactions.ts'
import { ledgerError, ofDriver, refusalOf } from './trouble.ts'

/** As for the thread that writes. */
const WRITE_MS = 10_000

/**
 * Erases one customer from a PostgreSQL ledger, beside the instances that use it or without. What it does to rows stops this thread until the server has answered: it is for a command, which does nothing
 * else meanwhile. `place`: server and database, for people. Rejects with LEDGER_UNAVAILABLE where the database cannot be written or was written with another key.
 */
export async function openPostgresPurge(
  url: string,
  place: string,
  { key, clock, ...erasing }: Erasing & { key: Uint8Array; clock: Clock },
): Promise<Purge> {
  await migrateAt(url, place)
  const connection = connectBridge(url, WRITE_MS)
  try {
    return open({ url, place, connection, key, clock, erasing })
  } catch (error) {
    connection.close()
    throw ledgerError(error, place)
  }
}

function open(of: {
  url: string
  place: string
  connection: Connection
  key: Uint8Array
  clock: Clock
  erasing: Erasing
}): Purge {
  const { url, place, connection, clock, erasing } = of
  // The database's time, as for all who write; a test's clock counts instead.
  let at = clock.now()
  const store = createStore({
    prepare: preparer(connection),
    dialect: DIALECT,
    clock: { now: () => (clock === systemClock ? at : clock.now()) },
    names: createNames(of.key),
    random: randomUUID,
    refusalOf,
    dueNow() {},
  })
  const transactions = transactionsOf(connection, {
    tallies: store.tallies,
    began(now) {
      at = now
    },
    // Whoever waited behind what is cancelled is found by the next poll.
    isDue: () => false,
    instance: 'purge',
  })
  const write = <T>(does: () => T): T => {
    try {
      transactions.begin([{ needs: 'all' }])
      const value = does()
      transactions.commit()
      return value
    } catch (error) {
      transactions.rollback()
      throw error
    }
  }
  write(() => createRememberKey(store)(place))
  const instances = createInstances(store, createRecover(store))
  return createPurge(
    {
      store,
      write,
      isInUse: () => !instances.isAlone(),
      prove: () => prove(url, erasing.mentions),
      translate: (error) => ledgerError(error, place),
      close: () => connection.close(),
    },
    erasing,
    clock,
  )
}

/** Has the server clean up what the erasure left behind, and searches every row there is. Rejects with the server's refusals. */
async function prove(url: string, mentions: Mentions): Promise<Pick<Erased, 'searched' | 'left'>> {
  try {
    // Without a limit of time: a table of a hundred million rows takes what it takes.
    const client = await openClient({ url, timeoutMs: 0, use: 'schema' })
    try {
      const tables = await tablesIn(client)
      for (const table of tables) await cleanUp(client, table)
      const { searched, left } = await searchRows(client, tables, mentions)
      // What stands in rows stands in the statistics of them too.
      return { searched, left: left.length > 0 ? left : await searchStatistics(client, mentions) }
    } finally {
      await client.end()
    }
  } catch (error) {
    throw ofDriver(error)
  }
}
