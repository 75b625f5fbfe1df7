import { ledgerContract } from './contract.ts'
import { postgresHarness } from './postgres-harness.ts'

ledgerContract('a PostgreSQL ledger', postgresHarness, { beside: 2 })
