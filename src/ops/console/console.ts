import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import express, { type NextFunction, type Request, type Response, type Router } from 'express'
import type { Clock } from '../../clock.ts'
import type { Config } from '../../config/config.ts'
import type { ConfigNow } from '../../config/now.ts'
import { messageOf } from '../../errors.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Log } from '../../log.ts'
import { clearSession, isPrivate, sessionIn, setSession } from '../access/cookie.ts'
import { type LoginDeps, logIn } from '../access/login.ts'
import { operatorOf } from '../access/operator-of.ts'
import { isForged } from '../access/same-origin.ts'
import { hashOf } from '../access/secrets.ts'
import { securityHeaders } from '../headers.ts'
import { auditPage } from './audit.ts'
import { eventPages } from './event.ts'
import { listPages } from './lists.ts'
import { messagePages } from './message.ts'
import { overviewPage } from './overview.ts'
import { type About, formIn, page, refusal } from './page.ts'
import { pausePages } from './pauses.ts'
import { replanPages } from './replan.ts'
import { retriggerPages } from './retrigger.ts'
import { routePages } from './routes.ts'
import { runPages } from './runs.ts'
import { searchPage } from './search.ts'
import { sourcePages } from './sources.ts'
import { suppressionPages } from './suppressions.ts'

export type ConsoleDeps = LoginDeps & {
  ledger: Ledger
  config: Config
  clock: Pick<Clock, 'now'>
  log: Pick<Log, 'error'>
  about: About
  /** Where the webhooks come in, as this machine names it: `http://127.0.0.1:3000`. */
  baseUrl: () => string
  /** The folder of the fixtures; there need not be any. */
  fixtures: string
  configNow: () => ConfigNow
}

/** A name and a password, with room to spare. */
const LOGIN_BYTES = 4096
const ASSETS = join(import.meta.dirname, 'assets')
const HTMX = fileURLToPath(import.meta.resolve('htmx.org/dist/htmx.min.js'))

/** The pages for operators, to be mounted at /console. All but the login and the style need somebody who is logged in. */
export function consolePages(deps: ConsoleDeps): Router {
  const router = express.Router()
  router.use(securityHeaders())
  router.get('/assets/htmx.js', (_request, response) => response.sendFile(HTMX, { maxAge: '1h' }))
  router.use('/assets', express.static(ASSETS, { index: false, redirect: false, maxAge: '1h' }))
  router.use(async (request, response, next) => {
    response.set('cache-control', 'no-store')
    response.locals.now = deps.clock.now()
    if (!isPrivate(request)) return page(response, 403, 'insecure', { title: 'This needs https' })
    if (isForged(request)) return page(response, 403, 'forged', { title: 'Refused' })
    next()
  })
  loginPages(router, deps)
  router.use(async (request, response, next) => {
    const operator = await operatorOf(request, deps)
    if (operator === null) return toLogin(request, response)
    response.locals.operator = operator
    response.locals.about = deps.about
    next()
  })
  overviewPage(router, deps)
  searchPage(router, deps)
  listPages(router, deps)
  retriggerPages(router, deps)
  replanPages(router, deps)
  messagePages(router, deps)
  eventPages(router, deps)
  runPages(router, deps)
  sourcePages(router, deps)
  routePages(router, deps)
  suppressionPages(router, deps)
  pausePages(router, deps)
  auditPage(router, deps)
  router.use((_request, response) => refusal(response, 404, 'There is no page at this address.'))
  router.use(async (error: unknown, _request: Request, response: Response, next: NextFunction) => {
    // Express marks what it cannot parse of a request with a status.
    const status = error instanceof Error && 'status' in error ? Number(error.status) : 0
    if (response.headersSent) return next(error)
    if (status >= 400 && status < 500) return refusal(response, status === 413 ? 413 : 400, UNREADABLE)
    deps.log.error('a page of the console failed', { error: messageOf(error) })
    response.set('retry-after', '30')
    await page(response, 503, 'failed', { title: 'This page cannot be shown' })
  })
  return router
}

/** What Express cannot read of a form. */
const UNREADABLE =
  'Nothing was done: what was sent is too long, or is not what the pages of this console send. Go back and shorten it.'

function loginPages(router: Router, deps: ConsoleDeps): void {
  const { ledger } = deps
  router.get('/login', async (request, response) => {
    if (await operatorOf(request, deps)) return response.redirect(303, '/console/')
    if ((await ledger.reads.operators()).length === 0) {
      return page(response, 200, 'first', { title: 'No operator yet' })
    }
    await page(response, 200, 'login', { title: 'Log in', problem: null })
  })
  router.post(
    '/login',
    express.urlencoded({ extended: false, limit: LOGIN_BYTES }),
    async (request, response) => {
      // As it was typed: a password may begin with a blank.
      const { password = '' } = (request.body ?? {}) as { password?: unknown }
      const login = {
        name: formIn(request).name ?? '',
        password: typeof password === 'string' ? password : '',
      }
      const done = await logIn({ ...login, address: request.ip ?? '' }, deps)
      switch (done.kind) {
        case 'open': {
          const before = sessionIn(request)
          if (before !== null) await ledger.endSession(hashOf(before))
          setSession(request, response, done.session)
          return response.redirect(303, '/console/')
        }
        case 'wait': {
          const seconds = Math.ceil(done.ms / 1000)
          response.set('retry-after', String(seconds))
          const problem = `Too many logins failed. Try again in ${seconds} s; your password was not looked at.`
          return page(response, 429, 'login', { title: 'Log in', problem })
        }
        case 'wrong':
          return page(response, 401, 'login', { title: 'Log in', problem: 'Name or password is wrong.' })
      }
    },
  )
  router.post('/logout', async (request, response) => {
    const session = sessionIn(request)
    if (session !== null) await ledger.endSession(hashOf(session))
    clearSession(request, response)
    response.redirect(303, '/console/login')
  })
}

/** A page that updates itself is left for the login as a whole: what htmx fetches would be put into the middle of it. */
function toLogin(request: Request, response: Response): void {
  if (request.get('hx-request') === 'true') {
    response.status(401).set('hx-redirect', '/console/login').end()
    return
  }
  response.redirect(303, '/console/login')
}
