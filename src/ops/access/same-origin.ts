import type { Request } from 'express'
import { bearerIn } from './operator-of.ts'

const SAFE = ['GET', 'HEAD', 'OPTIONS']

/**
 * Whether another site could have made the browser send this with the operator's cookie. A browser says itself where a request comes from (`Sec-Fetch-Site`), and over plain http to another
 * machine, or where it is old, at least by `Origin`; what says neither and changes something is refused. Whoever brings a token was made to by nobody: browsers add none by themselves, as they do
 * with `Basic`.
 */
export function isForged(request: Request): boolean {
  if (SAFE.includes(request.method) || bearerIn(request) !== null) return false
  const site = request.get('sec-fetch-site')
  if (site !== undefined) return site !== 'same-origin'
  return request.get('origin') !== `${request.protocol}://${request.host}`
}
