import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Config } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Claim, Lease, Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'
import { type ManualClock, manualClock } from '../ledger/manual-clock.ts'
import type { Chance } from './random.ts'
import { createReference, type Reference } from './reference.ts'
import { yamlOf } from './rules.ts'

/** What a worker holds: a leased message, and the reference's mark of the lease. */
export type Held = { claimed: Claim['messages'][number]; mark: number }
export type Looked = { lease: Lease; mark: number; attempt: number }

/** A ledger and the reference beside it, with what is in the hands of workers; a crash leaves them with what is void. */
export type Driver = {
  chance: Chance
  clock: ManualClock
  config: Config
  ledger: Ledger
  ref: Reference
  held: Held[]
  /** Ids of attempts of which no answer was written down yet. */
  inFlight: number[]
  looks: Looked[]
  /** Closes the file and opens it again, with whatever is leased or on its way. */
  crash(): Promise<void>
  /** Every message as the ledger has it, as far as the reference knows it too, oldest first: a list in JSON. */
  kept(): string
  close(): Promise<void>
}

export async function createDriver(chance: Chance, config: Config): Promise<Driver> {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-model-'))
  const file = join(folder, 'ledger.db')
  const clock = manualClock(chance.pick(BEGINNINGS) + chance.below(86_400) * 1_000)
  const start = () => openLedger({ url: `sqlite:${file}`, clock, log: silentLog, owner: true })
  const ledger = await start()
  const reader = new DatabaseSync(file, { readOnly: true })
  const select = reader.prepare(
    `SELECT json_group_array(json_object('id', id, 'event', event_id, 'route', route, 'state', state, 'code', code, 'dueAt', due_at,
              'expireAt', expire_at, 'channel', channel, 'attempts', attempts, 'failures', failures,
              'isManual', json(iif(manual_by IS NULL, 'false', 'true')), 'lookAt', look_at) ORDER BY id) AS messages
     FROM messages`,
  )
  const driver: Driver = {
    chance,
    clock,
    config,
    ledger,
    ref: createReference(clock.now()),
    held: [],
    inFlight: [],
    looks: [],
    async crash() {
      await driver.ledger.close()
      driver.ledger = await start()
    },
    kept: () => String(select.get()?.messages),
    async close() {
      reader.close()
      await driver.ledger.close()
      rmSync(folder, { recursive: true })
    },
  }
  return driver
}

/** Days on which clocks change, and others. */
const BEGINNINGS = [
  Date.UTC(2026, 9, 24),
  Date.UTC(2026, 9, 31),
  Date.UTC(2027, 2, 13),
  Date.UTC(2027, 2, 27),
  Date.UTC(2026, 10, 26),
]

export function modelConfig(): Config {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-model-'))
  try {
    mkdirSync(join(folder, 'templates'))
    writeFileSync(join(folder, 'templates/greet.liquid'), '---\nsubject: Hello\n---\nHello')
    const file = join(folder, 'postrider.yaml')
    writeFileSync(file, yamlOf())
    const loaded = loadConfig({ file, env: {}, unsetVariables: 'error' })
    if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems, null, 2))
    return loaded.config
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Does one thing to the ledger and to the reference, holds their answers against each other and says what it was. Null: there was nothing to do it to. */
export type Step = (driver: Driver) => Promise<string | null>

/** The newest mostly: what is older is void by then, which is looked at too. */
export function takeOne<T>(from: T[], { chance }: Driver): T | null {
  const [one] = from.splice(chance.is(0.7) ? -1 : chance.below(from.length), 1)
  return one ?? null
}

export const LEASE_MS = 120_000
