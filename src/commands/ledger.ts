import { existsSync } from 'node:fs'
import { systemClock } from '../clock.ts'
import type { Environment } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLedger } from '../ledger/open.ts'
import { silentLog } from '../log.ts'
import { keyFrom, LEDGER } from '../settings.ts'

/** Opens the ledger for one command, beside the service that owns it. Refuses a file that does not exist: it would look like an empty ledger. */
export async function openForCommand(environment: Environment): Promise<Ledger> {
  const url = environment.DATABASE_URL ?? LEDGER
  const file = /^sqlite:(.+)$/.exec(url)?.[1]
  if (file !== undefined && !existsSync(file)) {
    throw new PostriderError(
      'LEDGER_UNAVAILABLE',
      `There is no ledger at ${file}: no service has run here yet. Where it is elsewhere, set DATABASE_URL (the sandbox's: sqlite:data/sandbox.db, the demo's: sqlite:data/demo.db).`,
    )
  }
  return openLedger({ url, ...keyFrom(environment), clock: systemClock, log: silentLog, owner: false })
}
