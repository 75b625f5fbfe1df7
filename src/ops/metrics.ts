import express, { type Request, type Router } from 'express'
import type { Ledger } from '../ledger/ledger.ts'
import { allows } from './access/allows.ts'
import { bearerIn, operatorOf } from './access/operator-of.ts'
import { sendProblem } from './api/problem.ts'
import { createGauges, type GaugeDeps } from './gauges.ts'
import { securityHeaders } from './headers.ts'

export type MetricsDeps = GaugeDeps & {
  ledger: Pick<Ledger, 'seeSession' | 'seeToken'>
  /** Whether it is served on a listener for operators alone. */
  isApart: boolean
}

/**
 * `GET /`: the metrics of this process in the text format of Prometheus, to be mounted at /metrics. Takes a token of a viewer, but for what comes straight to a listener for operators
 * (decisions/0025). The ledger is read when it is asked, for one scrape at a time: those that come meanwhile get the same.
 */
export function metricsPage(deps: MetricsDeps): Router {
  const { registry } = deps
  const readGauges = createGauges(deps)
  let scraping: Promise<string> | null = null
  const scrape = async () => {
    await readGauges()
    return registry.metrics()
  }
  const router = express.Router()
  router.use(securityHeaders())
  router.get('/', async (request, response) => {
    response.set('cache-control', 'no-store')
    if (!isStraight(request, deps)) {
      const operator = await operatorOf(request, deps)
      if (operator === null || !allows(operator.role, 'read')) {
        const error = bearerIn(request) === null ? '' : ', error="invalid_token"'
        response.set('www-authenticate', `Bearer realm="postrider"${error}`)
        return sendProblem(response, 'unauthenticated', UNAUTHENTICATED)
      }
    }
    scraping ??= scrape().finally(() => {
      scraping = null
    })
    const text = await scraping
    response.status(200).set('content-type', registry.contentType).end(text)
  })
  return router
}

const UNAUTHENTICATED =
  'Send a token of the role viewer, Authorization: Bearer postrider_…, which postrider tokens add makes; or set OPS_PORT and scrape that port directly.'

/** What proxies add: whoever comes through one may be anybody. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const

/** Whether a request came to the operators' own listener, and through no proxy that says so. */
function isStraight({ headers }: Request, { isApart }: MetricsDeps): boolean {
  return isApart && FORWARDED.every((name) => headers[name] === undefined)
}
