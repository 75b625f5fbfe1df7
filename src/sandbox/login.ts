import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../clock.ts'
import type { RawBody } from './body.ts'
import { ApiError, OAuthError } from './errors.ts'
import { PER_MINUTE, tooManyRequests } from './limits.ts'
import type { Settings } from './settings.ts'

/** The demo's OAuth client; plainly not a real one. */
export const SANDBOX_CLIENT = {
  clientId: 'sandbox-client',
  clientSecret: 'sandbox-secret-not-a-secret',
} as const

type Issued = { expiresAt: number; windowStart: number; count: number }

export type Logins = {
  /** Answers the body of `POST /oauth/token`, its life in seconds; throws an OAuth error. */
  issue(
    headers: IncomingHttpHeaders,
    raw: RawBody,
  ): { access_token: string; token_type: string; expires_in: number }
  /** Checks a Bearer token and counts the call against its limit; answers the rate-limit headers. Throws 401 or 429. */
  use(authorization: string | undefined): Record<string, string>
  /** So many calls of somebody else with the same tokens. */
  useCalls(count: number): void
  revokeAll(): void
}

/** A fixed minute, as the API counts (headers inin-ratelimit-*). */
const WINDOW_MS = 60_000

export function createLogins(options: {
  clock: Clock
  tokenLifeMs: number
  settings: Settings
  client: { clientId: string; clientSecret: string }
}): Logins {
  const { clock, settings } = options
  const tokens = new Map<string, Issued>()
  const secret = Buffer.from(`${options.client.clientId}:${options.client.clientSecret}`).toString('base64')
  /** Counts calls in the minute that runs; answers the seconds that are left of it. */
  const count = (token: Issued, calls: number) => {
    const now = clock.now()
    if (now - token.windowStart >= WINDOW_MS) {
      token.windowStart = now
      token.count = 0
    }
    token.count += calls
    return Math.max(1, Math.ceil((token.windowStart + WINDOW_MS - now) / 1000))
  }
  return {
    issue({ authorization, 'content-type': contentType }, raw) {
      const basic = /^Basic +(\S+)$/i.exec(authorization ?? '')?.[1]
      if (basic !== secret) throw new OAuthError(401, 'invalid_client', 'authentication failed')
      const grant = grantOf(contentType, raw)
      if (grant === null) throw new OAuthError(400, 'invalid_request', 'grant_type is required')
      if (grant !== 'client_credentials')
        throw new OAuthError(400, 'unsupported_grant_type', 'grant type is not supported')
      const token = randomBytes(32).toString('base64url')
      const now = clock.now()
      for (const [old, { expiresAt }] of tokens) if (expiresAt < now) tokens.delete(old)
      tokens.set(token, { expiresAt: now + options.tokenLifeMs, windowStart: now, count: 0 })
      return { access_token: token, token_type: 'bearer', expires_in: Math.floor(options.tokenLifeMs / 1000) }
    },
    use(authorization) {
      const bearer = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1]
      if (bearer === undefined) {
        throw new ApiError(
          401,
          'authentication.required',
          'No authentication bearer token specified in authorization header.',
        )
      }
      const token = tokens.get(bearer)
      if (!token) throw new ApiError(401, 'bad.credentials', 'Invalid login credentials.')
      if (token.expiresAt <= clock.now())
        throw new ApiError(401, 'credentials.expired', 'The token has expired.')
      const reset = count(token, 1)
      const { rateLimitPerMinute } = settings
      if (rateLimitPerMinute === null) return {}
      const headers = {
        'inin-ratelimit-count': String(token.count),
        'inin-ratelimit-allowed': String(rateLimitPerMinute),
        'inin-ratelimit-reset': String(reset),
      }
      if (token.count > rateLimitPerMinute) {
        throw tooManyRequests(reset, { ...PER_MINUTE, value: rateLimitPerMinute }, headers)
      }
      return headers
    },
    useCalls(calls) {
      for (const token of tokens.values()) count(token, calls)
    },
    revokeAll: () => tokens.clear(),
  }
}

/** The grant of a form; null where the body is not one, or has none. */
function grantOf(contentType: string | undefined, raw: RawBody): string | null {
  const form = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType ?? '')
  return form && raw !== 'too-large' ? new URLSearchParams(raw.toString('utf8')).get('grant_type') : null
}
