import type { Express } from 'express'
import type { Ledger } from '../ledger/ledger.ts'
import { createPasswords, type Passwords } from './access/password.ts'
import { consolePages } from './console/console.ts'

export type OpsDeps = { ledger: Ledger; passwords?: Passwords }

/** What operators and their programs reach, on the listener of the webhooks or on one of its own (OPS_PORT). */
export function mountOps(app: Express, { ledger, passwords = createPasswords() }: OpsDeps): void {
  app.use('/console', consolePages({ ledger, passwords }))
}
