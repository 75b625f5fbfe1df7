import { ApiError, notFound } from './errors.ts'
import type { Org } from './org.ts'

/** In whose words the API says what was met; that of a day's messages is not documented, and assumed. */
export const PER_MINUTE = { namespace: 'platform.api', key: 'token.rate.per.minute' } as const
export const PER_DAY = { namespace: 'messaging', key: 'agentless.messages.per.day' } as const

type Limit = { namespace: string; key: string; value: number }

/** 429 as the API words it. `seconds`: until there is room again. */
export function tooManyRequests(
  seconds: number,
  limit: Limit,
  headers: Readonly<Record<string, string>> = {},
): ApiError {
  const words = 'Rate limit exceeded the maximum. Retry the request in [{seconds}] seconds'
  return new ApiError(429, 'too.many.requests', words, {
    params: { seconds: String(seconds) },
    headers: { ...headers, 'Retry-After': String(seconds) },
    limit,
  })
}

const DAY_MS = 24 * 3_600_000

/** Counts an agentless message against the day's (UTC). Throws 429 until midnight beyond it. */
export function takeDailyMessage(org: Org): void {
  const now = org.clock.now()
  const day = Math.floor(now / DAY_MS)
  if (org.today.day !== day) org.today = { day, messages: 0 }
  const { dailyLimit } = org.settings
  if (dailyLimit !== null && org.today.messages >= dailyLimit.messages) {
    const seconds = Math.ceil(((day + 1) * DAY_MS - now) / 1000)
    throw tooManyRequests(seconds, { ...PER_DAY, value: dailyLimit.messages })
  }
  org.today.messages += 1
}

/** `GET /api/v2/organizations/limits/namespaces/{namespaceName}`, of the two namespaces that have a limit here. */
export function listLimits(org: Org, namespace: string) {
  const { rateLimitPerMinute, dailyLimit } = org.settings
  const entities: Limit[] = []
  if (namespace === PER_MINUTE.namespace) {
    if (rateLimitPerMinute !== null) entities.push({ ...PER_MINUTE, value: rateLimitPerMinute })
  } else if (namespace === PER_DAY.namespace) {
    if (dailyLimit !== null) entities.push({ ...PER_DAY, value: dailyLimit.messages })
  } else throw notFound('namespace')
  return { entities }
}
