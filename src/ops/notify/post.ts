import type { Clock } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import { standardSignature } from '../../receive/signature/standard-webhooks.ts'
import { redact } from '../../redact.ts'
import type { Body } from './notices.ts'

/** Who is told: where, and the secret that signs. */
export type Receiver = { url: string; secret: string }

/** What came back. `reason` names neither the URL, whose path may be a secret, nor the secret. `isNoConnection`: there was none, so nothing arrived. */
export type Posted =
  | { kind: 'answered'; status: number }
  | { kind: 'unanswered'; reason: string; isNoConnection: boolean }

/** Whoever is told has this long to answer. */
export const PATIENCE_MS = 10_000

/** Whether the answer means that it was taken. */
export function isTaken(posted: Posted): boolean {
  return posted.kind === 'answered' && posted.status >= 200 && posted.status < 300
}

/** Whether it may have been taken, though nobody knows it: a proxy's 502 and a time-out come after the receiver has opened its incident, too. */
export function mayBeTaken(posted: Posted): boolean {
  return posted.kind === 'answered' ? posted.status >= 500 : !posted.isNoConnection
}

/** What came back, for an operator: `answered 302` or why nothing did. */
export function postedWords(posted: Posted): string {
  if (posted.kind === 'unanswered') return posted.reason
  const redirect = posted.status >= 300 && posted.status < 400 ? ' (redirects are not followed)' : ''
  return `answered ${posted.status}${redirect}`
}

/**
 * Posts once, signed by Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`). Follows no redirect: what is signed for one address is for nobody else. Never
 * throws. `signal`: gives up at once.
 */
export async function post(
  { url, secret }: Receiver,
  { id, body }: { id: string; body: Body },
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<Posted> {
  const bytes = Buffer.from(JSON.stringify(body))
  const at = new Date(clock.now())
  const answered = new AbortController()
  const given = new AbortController()
  void clock.sleep(PATIENCE_MS, answered.signal).then(() => given.abort())
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([given.signal, signal]),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'postrider',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': standardSignature(secret, keyKind(secret), { id, at, body: bytes }),
      },
      body: bytes,
    })
    await response.body?.cancel()
    return { kind: 'answered', status: response.status }
  } catch (error) {
    if (given.signal.aborted) {
      return { kind: 'unanswered', reason: `no answer within ${PATIENCE_MS / 1000} s`, isNoConnection: false }
    }
    return { kind: 'unanswered', reason: causeOf(error), isNoConnection: isNoConnection(error) }
  } finally {
    answered.abort()
  }
}

/** As receivers read it: base64 behind `whsec_`, or any other text as it stands. */
function keyKind(secret: string): 'whsec' | 'text' {
  return secret.startsWith('whsec_') ? 'whsec' : 'text'
}

/** fetch says no more than that it failed; why is its cause. */
function causeOf(error: unknown): string {
  return redact(messageOf(error instanceof Error && error.cause ? error.cause : error))
}

/** Codes of the system, of TLS and of fetch that can only mean that no connection came about, so that nothing was written. */
const NO_CONNECTION =
  /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|E(?:HOST|NET)(?:UNREACH|DOWN)|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|CERT_\w+|UNABLE_TO_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|ERR_TLS_CERT_ALTNAME_INVALID)$/

function isNoConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // Where a name has several addresses: one error for each that was tried.
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isNoConnection)
  if (error.cause !== undefined) return isNoConnection(error.cause)
  return 'code' in error && NO_CONNECTION.test(String(error.code))
}
