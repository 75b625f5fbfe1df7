import { createHmac, timingSafeEqual } from 'node:crypto'
import { singleHeader } from './headers.ts'
import type { MacScheme, SignedTime } from './scheme.ts'
import { signaturesIn } from './signatures.ts'
import { type ReadTime, signedTimeOf, TIME_WORDS } from './time.ts'
import { signedUri } from './url.ts'
import { malformed, NO_SECRET, type Refused, refused, type SignedRequest, type Verdict } from './verdict.ts'

/** What a signature is made over, apart from its key. */
export type Signable = Pick<SignedRequest, 'rawHeaders' | 'body' | 'method' | 'url'> & {
  /** As the header has it; empty where none is signed. */
  timestamp: string
}

/**
 * Verifies a delivery by an HMAC, as `scheme` says. Pure: the clock is passed in. Signatures are compared as text and in constant time, every secret with every
 * signature: in another case of letters, or with other bits in the last letter of base64, it is another signature.
 */
export function verifyMac(scheme: MacScheme, request: SignedRequest): Verdict {
  if (request.secrets.length === 0) return NO_SECRET
  const header = singleHeader(request.rawHeaders, scheme.header)
  if (header.kind === 'refused') return header
  const given = signaturesIn(header.value, scheme)
  if (given.kind === 'refused') return given

  const time = scheme.timestamp ? signedTime(scheme.timestamp, given.timestamp, request) : UNTIMED
  if (time.kind === 'refused') return time

  const unsure = withoutSignedHeader(scheme, request)
  if (unsure) return unsure

  const signable = { ...request, timestamp: time.text }
  for (const secret of request.secrets) {
    if (fits(scheme, secret, signable, given.signatures)) {
      return { kind: 'authentic', id: null, timestampMs: time.at }
    }
  }
  for (const { secret, means } of scheme.publicSecrets ?? []) {
    if (fits(scheme, secret, signable, given.signatures)) return refused('no-match', means)
  }
  return refused(
    'no-match',
    'no secret of this source makes this signature of the body; compare the secrets, and see that nothing on the way changes the body',
  )
}

/** Every header that is signed must be there once: none, two, and one that is empty would be signed alike. */
function withoutSignedHeader(scheme: MacScheme, { rawHeaders }: SignedRequest): Refused | null {
  for (const part of scheme.signed) {
    if (typeof part === 'string' || 'text' in part) continue
    const header = singleHeader(rawHeaders, part.header)
    if (header.kind === 'refused') return header
  }
  return null
}

/** The signature of these parts with a secret, encoded as the scheme does it, without its prefix. */
export function macOf(scheme: MacScheme, secret: string, signable: Signable): string {
  // A key as a Buffer costs five times what the whole of a small body does otherwise.
  const mac = createHmac(scheme.algorithm, secret, { encoding: KEY_ENCODING[scheme.key] })
  let text = ''
  for (const part of scheme.signed) {
    if (part === 'timestamp') text += signable.timestamp
    else if (part === 'method') text += signable.method
    else if (part === 'url') text += signedUri(signable.url)
    else if (part !== 'body' && 'text' in part) text += part.text
    else {
      if (text !== '') mac.update(text)
      text = ''
      if (part === 'body') mac.update(signable.body)
      else {
        const header = singleHeader(signable.rawHeaders, part.header)
        // Node reads headers byte by byte.
        if (header.kind === 'value') mac.update(header.value, 'latin1')
      }
    }
  }
  if (text !== '') mac.update(text)
  return mac.digest(scheme.encoding)
}

const KEY_ENCODING = { text: 'utf8', base64: 'base64', hex: 'hex' } as const

function fits(scheme: MacScheme, secret: string, signable: Signable, signatures: readonly string[]): boolean {
  const expected = Buffer.from(macOf(scheme, secret, signable))
  return signatures.some((signature) => {
    const given = Buffer.from(signature)
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}

type Time = { kind: 'time'; text: string; at: number | null }

const UNTIMED: Time = { kind: 'time', text: '', at: null }

function signedTime(time: SignedTime, inGrammar: string | null, request: SignedRequest): Time | Refused {
  let text = inGrammar ?? ''
  let where = 'the signed time'
  if (time.in !== 'grammar') {
    const header = singleHeader(request.rawHeaders, time.in.header)
    if (header.kind === 'refused') return header
    text = header.value
    where = `the header ${time.in.header}`
  }
  const read = signedTimeOf(text, time.units)
  if (read === null) {
    return malformed(`${where} must be ${time.units.map((unit) => TIME_WORDS[unit]).join(' or ')}`)
  }
  return outOfTime(read, time, request.nowMs) ?? { kind: 'time', text, at: read.at }
}

/** A time in whole seconds may be as old as the allowance and a part of a second: nobody says when within its second it was. */
function outOfTime(
  { at, inSeconds }: ReadTime,
  { oldestMs, aheadMs }: SignedTime,
  nowMs: number,
): Refused | null {
  const ageMs = (inSeconds ? Math.floor(nowMs / 1000) * 1000 : nowMs) - at
  if (ageMs > oldestMs) {
    return refused(
      'too-old',
      `signed ${Math.floor(ageMs / 1000)} s ago by this server's clock, ${oldestMs / 1000} s are allowed; sign it anew for every try, and set the clocks`,
    )
  }
  if (aheadMs !== null && -ageMs > aheadMs) {
    return refused(
      'too-new',
      `signed ${Math.ceil(-ageMs / 1000)} s in the future by this server's clock, ${aheadMs / 1000} s are allowed; set the clocks`,
    )
  }
  return null
}
