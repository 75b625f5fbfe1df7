import { rightMomentContract } from './contract.ts'
import { sqliteHarness } from './sqlite-harness.ts'

rightMomentContract('when a SQLite ledger lets a message go', sqliteHarness)
