import { readEnvironment, type Variables } from '../environment.ts'
import { migrateLedger } from '../ledger/migrate-ledger.ts'
import { LEDGER } from '../settings.ts'
import { ledgerFile } from './ledger.ts'
import { print, printJson, type Terminal } from './output.ts'

/** Brings the ledger to the schema of this version, as every start does too. Rejects as the opening of a ledger does. */
export async function migrateSchema(variables: Variables, json: boolean, terminal: Terminal): Promise<void> {
  const environment = readEnvironment(variables)
  ledgerFile(environment)
  const migrated = await migrateLedger(environment.DATABASE_URL ?? LEDGER)
  if (json) return printJson(terminal, migrated)
  const { ledger, from, to } = migrated
  if (from === to) return print(terminal, `${ledger} is up to date: schema ${to}.`)
  print(
    terminal,
    from === 0
      ? `${ledger} was empty and is a ledger now: schema ${to}.`
      : `${ledger} was brought from schema ${from} to ${to}.`,
    'green',
  )
}
