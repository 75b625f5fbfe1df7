import { isIPv4 } from 'node:net'
import type { CookieOptions, Request, Response } from 'express'
import { isSession } from './secrets.ts'

/** As long as a working day with its breaks. */
export const SESSION_MS = 12 * 3_600_000
/** Whoever has not done anything for so long has left. */
export const IDLE_MS = 2 * 3_600_000

/** The prefix has the browser insist that the cookie came from this host alone, over https (RFC 6265bis, 4.1.3). */
const SECURE_NAME = '__Host-postrider'
/** Browsers keep no cookie with the prefix that came over http. */
const LOCAL_NAME = 'postrider'

/** By the address, not by how the name begins: 127.0.0.1.example.com is anybody's. */
function isLocal(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
}

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host']

/**
 * Whether a password may come over this connection: https, or nothing but this machine between. A proxy on this machine may well ask for 127.0.0.1, so what it passed on for others is
 * no local request.
 */
export function isPrivate(request: Request): boolean {
  if (request.secure) return true
  return isLocal(request.hostname ?? '') && FORWARDED.every((name) => request.get(name) === undefined)
}

/** The session that the browser says it has; null: none. */
export function sessionIn(request: Request): string | null {
  const wanted = nameFor(request)
  for (const part of (request.get('cookie') ?? '').split(';')) {
    const [name, value = ''] = part.trim().split('=', 2)
    if (name === wanted) return isSession(value) ? value : null
  }
  return null
}

export function setSession(request: Request, response: Response, value: string): void {
  response.cookie(nameFor(request), value, { ...optionsFor(request), maxAge: SESSION_MS })
}

export function clearSession(request: Request, response: Response): void {
  response.clearCookie(nameFor(request), optionsFor(request))
}

function nameFor(request: Request): string {
  return request.secure ? SECURE_NAME : LOCAL_NAME
}

function optionsFor(request: Request): CookieOptions {
  return { httpOnly: true, sameSite: 'strict', secure: request.secure, path: '/' }
}
