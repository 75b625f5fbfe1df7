import { PostriderError } from '../../errors.ts'
import type { Store } from './store.ts'

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

/** Writes, because readiness asks whether the disk takes what is written. */
export function createPing({ prepare, clock }: Store) {
  const write = prepare(
    `INSERT INTO meta (name, value) VALUES ('ping', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  )
  return (): void => {
    write.run(String(clock.now()))
  }
}
