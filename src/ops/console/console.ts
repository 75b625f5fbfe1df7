import { join } from 'node:path'
import express, { type Request, type Response, type Router } from 'express'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Operator } from '../../operator.ts'
import { clearSession, isPrivate, sessionIn, setSession } from '../access/cookie.ts'
import { type LoginDeps, logIn } from '../access/login.ts'
import { operatorOf } from '../access/operator-of.ts'
import { isForged } from '../access/same-origin.ts'
import { hashOf } from '../access/secrets.ts'
import { securityHeaders } from '../headers.ts'
import { render } from './render.ts'

export type ConsoleDeps = LoginDeps & { ledger: Ledger }

/** A name and a password, with room to spare. */
const LOGIN_BYTES = 4096
const ASSETS = join(import.meta.dirname, 'assets')

/** The pages for operators, to be mounted at /console. All but the login and the style need somebody who is logged in. */
export function consolePages(deps: ConsoleDeps): Router {
  const { ledger } = deps
  const router = express.Router()
  router.use(securityHeaders())
  router.use('/assets', express.static(ASSETS, { index: false, redirect: false, maxAge: '1h' }))
  router.use(async (request, response, next) => {
    response.set('cache-control', 'no-store')
    if (!isPrivate(request)) return page(response, 403, 'insecure', { title: 'This needs https' })
    if (isForged(request)) return page(response, 403, 'forged', { title: 'Refused' })
    next()
  })

  router.get('/login', async (request, response) => {
    if (await operatorOf(request, deps)) return response.redirect(303, '/console/')
    if ((await ledger.reads.operators()).length === 0) {
      return page(response, 200, 'first', { title: 'No operator yet' })
    }
    await page(response, 200, 'login', { title: 'Log in' })
  })
  router.post(
    '/login',
    express.urlencoded({ extended: false, limit: LOGIN_BYTES }),
    async (request, response) => {
      const login = { name: field(request, 'name'), password: field(request, 'password') }
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

  router.use(async (request, response, next) => {
    const operator = await operatorOf(request, deps)
    if (operator === null) return response.redirect(303, '/console/login')
    response.locals.operator = operator
    next()
  })
  router.get('/', async (_request, response) => {
    await page(response, 200, 'home', { title: 'Console', operator: operatorIn(response) })
  })
  return router
}

/** Who asked for this page. For handlers behind the login alone. */
export function operatorIn(response: Response): Operator {
  return response.locals.operator as Operator
}

/** Answers with a view. `title` stands in the tab and above the page; `operator`: who is logged in. */
export async function page(
  response: Response,
  status: number,
  view: string,
  data: { title: string; operator?: Operator } & Record<string, unknown>,
): Promise<void> {
  const html = await render(view, data)
  response.status(status).type('html').send(html)
}

function field(request: Request, name: string): string {
  const body = request.body as Record<string, unknown> | undefined
  const value = body?.[name]
  return typeof value === 'string' ? value : ''
}
