import { PostriderError } from '../../errors.ts'
import { MARKS, whyUnusable } from '../copy/marks.ts'
import { EXPECTS } from '../rows.ts'
import type { Store } from './store.ts'

/** Throws LEDGER_UNAVAILABLE where this ledger is a copy that is not finished, or was copied elsewhere. To be asked before anything else is. */
export function createAssertUsable({ prepare }: Pick<Store, 'prepare'>) {
  const marks = prepare<{ name: string; value: string }>(MARKS)
  return (place: string): void => {
    const why = whyUnusable(marks.all(), place)
    if (why !== null) throw new PostriderError('LEDGER_UNAVAILABLE', why)
  }
}

/** Remembers where this ledger sends to; throws where it remembers another place. */
export function createBindHost({ prepare }: Store) {
  const remember = prepare(`INSERT INTO meta (name, value) VALUES ('host', ?) ON CONFLICT (name) DO NOTHING`)
  const remembered = prepare<{ value: string }>(`SELECT value FROM meta WHERE name = 'host'`)
  return (host: string, file: string): void => {
    remember.run(host)
    const bound = remembered.get()?.value
    if (bound === host) return
    throw new PostriderError(
      'LEDGER_OTHER_ORG',
      `The ledger ${file} belongs to ${bound}, and this service would send to ${host}: its scheduled messages would go to the wrong customers. Use the settings of ${bound}, or give this service a ledger of its own: DATABASE_URL=sqlite:data/another.db`,
    )
  }
}

/** Remembers since when each of these sources is expected to be heard of, and forgets the others: one that is expected again begins anew. */
export function createExpect({ prepare, clock }: Pick<Store, 'prepare' | 'clock'>) {
  const remember = prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING')
  const forget = prepare(
    `DELETE FROM meta WHERE substr(name, 1, ${EXPECTS.length}) = '${EXPECTS}' AND name NOT IN (SELECT value FROM json_each(?))`,
  )
  return (sources: readonly string[]): void => {
    const names = sources.map((source) => `${EXPECTS}${source}`)
    forget.run(JSON.stringify(names))
    for (const name of names) remember.run(name, String(clock.now()))
  }
}

/**
 * Remembers which key the names in this ledger are hashed with; throws LEDGER_UNAVAILABLE where that was another and it holds such names: nobody of them would be known any more. A command with
 * another key beside a service would write down refusals that the service never sees.
 */
export function createRememberKey({ prepare, names }: Store) {
  const remember = prepare(
    `INSERT INTO meta (name, value) VALUES ('key', ?)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value
       WHERE NOT EXISTS (SELECT 1 FROM suppressions WHERE hash > ?) AND NOT EXISTS (SELECT 1 FROM consents WHERE hash > ?)
         AND (SELECT names FROM messages WHERE id = (SELECT max(id) FROM messages)) IS NULL`,
  )
  const remembered = prepare<{ value: string }>(`SELECT value FROM meta WHERE name = 'key'`)
  return (file: string): void => {
    // Of a name that nobody has.
    const check = names.hashesOf(['key'])[0]?.toString('hex') ?? ''
    if (remembered.get()?.value === check) return
    remember.run(check, BEFORE_ALL, BEFORE_ALL)
    if (remembered.get()?.value === check) return
    throw new PostriderError(
      'LEDGER_UNAVAILABLE',
      `The ledger ${file} was written with another key: whoever must not be written to would no longer be known. Set POSTRIDER_KEY to the key that was used, for commands as for the service; where none was set, restore the file ${file}.key from a backup, or take POSTRIDER_KEY away (docs/operations.md, The ledger's file).`,
    )
  }
}

/** Below every hash, so that the first one is looked up and none is gone through. */
const BEFORE_ALL = Buffer.alloc(0)

/** Whether this ledger knows a key already. */
export function createKnowsKey({ prepare }: Pick<Store, 'prepare'>) {
  const remembered = prepare(`SELECT 1 FROM meta WHERE name = 'key'`)
  return (): boolean => remembered.get() !== undefined
}

/** Writes, because readiness asks whether the disk takes what is written. */
export function createPing({ prepare, clock }: Store) {
  const write = prepare(
    `INSERT INTO meta (name, value) VALUES ('ping', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  )
  return (): void => {
    write.run(String(clock.now()))
  }
}
