import type { Express } from 'express'
import { createPasswords, type Passwords } from './access/password.ts'
import { api, type RouterDeps } from './api/router.ts'
import { type ConsoleDeps, consolePages } from './console/console.ts'

export type OpsDeps = Omit<ConsoleDeps, 'passwords'> & RouterDeps & { passwords?: Passwords }

/** What operators and their programs reach, on the listener of the webhooks or on one of its own (OPS_PORT). */
export function mountOps(app: Express, { passwords = createPasswords(), ...deps }: OpsDeps): void {
  app.use('/api/v1', api(deps))
  app.use('/console', consolePages({ ...deps, passwords }))
}
