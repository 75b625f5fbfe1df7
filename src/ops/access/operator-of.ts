import type { Request } from 'express'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Operator } from '../../operator.ts'
import { IDLE_MS, isPrivate, sessionIn } from './cookie.ts'
import { hashOf, isToken } from './secrets.ts'

export type AccessDeps = { ledger: Pick<Ledger, 'seeSession' | 'seeToken'> }

/**
 * Who asks; null: nobody who is known. The one place where a request becomes an operator: a token (`Authorization: Bearer postrider_…`), else the session of a cookie. Whoever sends a
 * token means it: one that is not known is nobody, whatever the cookie says. What a proxy asks for (`Basic`) is not ours. Single sign-on would enter here.
 */
export async function operatorOf(request: Request, { ledger }: AccessDeps): Promise<Operator | null> {
  const token = bearerIn(request)
  if (token !== null) return isToken(token) ? ledger.seeToken(hashOf(token)) : null
  if (!isPrivate(request)) return null
  const session = sessionIn(request)
  if (session === null) return null
  // A page that is left open updates itself; nobody need sit before it.
  const isUse = request.get('hx-request') !== 'true' || request.method !== 'GET'
  return ledger.seeSession(hashOf(session), IDLE_MS, isUse)
}

/** What follows `Bearer`; null where the request brings none. */
export function bearerIn(request: Request): string | null {
  const found = /^Bearer(?: +(.*))?$/i.exec(request.get('authorization') ?? '')
  return found ? (found[1] ?? '').trim() : null
}
