import { hash, timingSafeEqual } from 'node:crypto'
import type { SignatureRefusal, SignedRequest, Verdict } from './verdict.ts'

/** The header of our own, and the one that HTTP has for such tokens. */
const OWN = 'x-postrider-token'
const HTTP = 'authorization'

type Refused = Extract<Verdict, { kind: 'refused' }>

/**
 * Verifies a delivery by a token that comes with it: `x-postrider-token: TOKEN`, or `authorization: Bearer TOKEN` (RFC 6750), exactly one of
 * them. For senders that can set a header and cannot sign: it proves who sends, and neither that the body is theirs nor that it is
 * new, so the way here must be HTTPS. Pure.
 */
export function verifyToken(
  request: Pick<SignedRequest, 'rawHeaders' | 'secrets'>,
): { kind: 'authentic' } | Refused {
  if (request.secrets.length === 0) return refused('no-secret', 'this source has no secret yet')
  const found = tokenIn(request.rawHeaders)
  if (found.kind === 'refused') return found
  return isOneOf(found.token, request.secrets)
    ? { kind: 'authentic' }
    : refused('no-match', 'the token is none of this source; compare it with the secret')
}

function tokenIn(rawHeaders: readonly string[]): { kind: 'token'; token: string } | Refused {
  const found: { name: string; value: string }[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? ''
    if (name === OWN || name === HTTP) found.push({ name, value: rawHeaders[at + 1] ?? '' })
  }
  const [header, another] = found
  if (header === undefined) {
    return refused('missing-header', `without the header ${OWN}, or ${HTTP} by the scheme Bearer`)
  }
  if (another !== undefined) {
    return refused('duplicate-header', `there must be one token, in ${OWN} or in ${HTTP}`)
  }
  const token = header.name === OWN ? header.value : /^Bearer +(\S.*)$/i.exec(header.value)?.[1]
  if (token === undefined)
    return refused('malformed-header', `${HTTP} must hold the token by the scheme Bearer`)
  return token === '' ? refused('malformed-header', `${OWN} is empty`) : { kind: 'token', token }
}

/**
 * In constant time: every secret is compared, whatever the others came to, and hashes have one length whatever the token's. Node reads headers byte by byte, so that is
 * how the token is hashed.
 */
function isOneOf(token: string, secrets: readonly string[]): boolean {
  const given = hash('sha256', Buffer.from(token, 'latin1'), 'buffer')
  let matches = 0
  for (const secret of secrets) matches += Number(timingSafeEqual(given, hash('sha256', secret, 'buffer')))
  return matches > 0
}

function refused(reason: SignatureRefusal, detail: string): Refused {
  return { kind: 'refused', reason, detail }
}
