import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { messageOf } from './errors.ts'
import type { Log } from './log.ts'

/**
 * Express as Postrider serves with it: silent about itself, no query parsing, and errors as problems (RFC 9457) without their words or
 * stack. `trustProxy`: how many proxies stand before the service.
 */
export function createApp(options: { trustProxy: number; log: Log }, mount: (app: Express) => void): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', false)
  app.set('trust proxy', options.trustProxy)
  // RFC 9112, section 3.2: a proxy may have gone by the one, and what is signed or compared here would go by the other.
  app.use((request, response, next) => {
    if (hostsIn(request) < 2) return next()
    problem(response.set('connection', 'close'), 400, 'Bad request', 'there is more than one host header')
  })
  mount(app)
  app.use((_request, response) => {
    problem(response, 404, 'Not found', 'there is nothing at this address')
  })
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    if (response.headersSent) return void response.destroy()
    // Express marks what it cannot parse of a request with a status.
    const status = error instanceof Error && 'status' in error ? Number(error.status) : 0
    if (status >= 400 && status < 500) {
      return problem(response, status, 'Bad request', 'the request cannot be read')
    }
    options.log.error('request failed', { error: messageOf(error) })
    response.set('retry-after', '30')
    problem(response, 503, 'Unavailable', 'something failed here; try again')
  })
  return app
}

function hostsIn({ rawHeaders }: Request): number {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    // Lengths first: as in the headers of a signature.
    if (rawHeaders[at]?.length === 4 && rawHeaders[at]?.toLowerCase() === 'host') hosts += 1
  }
  return hosts
}

function problem(response: Response, status: number, title: string, detail: string): void {
  const body = JSON.stringify({ type: 'about:blank', title, status, detail })
  response.status(status).set('content-type', 'application/problem+json').end(body)
}
