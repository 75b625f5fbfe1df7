import type { Express } from 'express'
import { createPasswords, type Passwords } from './access/password.ts'
import { api, type RouterDeps } from './api/router.ts'
import { type ConsoleDeps, consolePages } from './console/console.ts'
import { type MetricsDeps, metricsPage } from './metrics.ts'

/** `metrics`: what /metrics is made of; without it there is none. */
export type OpsDeps = Omit<ConsoleDeps, 'passwords'> &
  RouterDeps & { passwords?: Passwords; metrics?: MetricsDeps }

/** What operators and their programs reach, on the listener of the webhooks or on one of its own (OPS_PORT). */
export function mountOps(app: Express, { passwords = createPasswords(), metrics, ...deps }: OpsDeps): void {
  if (metrics) app.use('/metrics', metricsPage(metrics))
  app.use('/api/v1', api(deps))
  app.use('/console', consolePages({ ...deps, passwords }))
}
