import { existsSync } from 'node:fs'
import { systemClock } from '../clock.ts'
import type { Environment } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { fileOf, openLedger } from '../ledger/open.ts'
import { silentLog } from '../log.ts'
import { keyFrom, LEDGER } from '../settings.ts'

/** The path of the SQLite ledger that commands use; null where it is another database. Throws LEDGER_UNAVAILABLE where there is no such file: it would look like an empty ledger. */
export function ledgerFile({ DATABASE_URL: url = LEDGER }: Environment): string | null {
  const file = fileOf(url)
  if (file === undefined) return null
  if (existsSync(file)) return file
  throw new PostriderError(
    'LEDGER_UNAVAILABLE',
    `There is no ledger at ${file}: no service has run here yet. Where it is elsewhere, set DATABASE_URL (the sandbox's: sqlite:data/sandbox.db, the demo's: sqlite:data/demo.db).`,
  )
}

/** The same for what can be done to a file alone; throws USAGE where the ledger is none. `instead`: what does it there. */
export function sqliteFile(environment: Environment, what: string, instead: string): string {
  const file = ledgerFile(environment)
  if (file !== null) return file
  throw new PostriderError(
    'USAGE',
    `${what} is for a ledger in a file, and DATABASE_URL names none. ${instead}`,
  )
}

/** Opens the ledger for one command, beside the service that owns it. Refuses a file that does not exist: it would look like an empty ledger. */
export async function openForCommand(environment: Environment): Promise<Ledger> {
  ledgerFile(environment)
  const url = environment.DATABASE_URL ?? LEDGER
  return openLedger({ url, ...keyFrom(environment), clock: systemClock, log: silentLog, owner: false })
}
