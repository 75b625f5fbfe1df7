import { rightMomentContract } from './contract.ts'
import { postgresHarness } from './postgres-harness.ts'

rightMomentContract('when a PostgreSQL ledger lets a message go', postgresHarness, { beside: 2 })
