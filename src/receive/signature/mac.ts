import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { singleHeader } from './headers.ts'
import type { Grammar, MacScheme, SignedTime } from './scheme.ts'
import { type ReadTime, signedTimeOf, TIME_WORDS } from './time.ts'
import { signedUri } from './url.ts'
import { malformed, NO_SECRET, type Refused, refused, type SignedRequest, type Verdict } from './verdict.ts'

/** Far above any sender's: Stripe's, with a signature for each of two secrets, has 150. */
const LONGEST_HEADER = 4096
/** A rotation has two. */
const MOST_SIGNATURES = 32

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
  for (const key of keysOf(request.secrets, scheme.key)) {
    if (fits(scheme, key, signable, given.signatures)) {
      return { kind: 'authentic', id: null, timestampMs: time.at }
    }
  }
  for (const { secret, means } of scheme.publicSecrets ?? []) {
    if (fits(scheme, keyOf(secret, scheme.key), signable, given.signatures)) return refused('no-match', means)
  }
  return refused(
    'no-match',
    'the signature fits the body and no secret of this source; compare the secrets, and see that nothing on the way changes the body',
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

/** Making a key costs a fifth of a small body's signature. A list of secrets lives as long as its configuration. */
const keys = {
  text: new WeakMap<readonly string[], readonly KeyObject[]>(),
  base64: new WeakMap<readonly string[], readonly KeyObject[]>(),
  hex: new WeakMap<readonly string[], readonly KeyObject[]>(),
}

function keysOf(secrets: readonly string[], encoding: MacScheme['key']): readonly KeyObject[] {
  let made = keys[encoding].get(secrets)
  if (made === undefined) {
    made = secrets.map((secret) => keyOf(secret, encoding))
    keys[encoding].set(secrets, made)
  }
  return made
}

function keyOf(secret: string, encoding: MacScheme['key']): KeyObject {
  return createSecretKey(Buffer.from(secret, encoding === 'text' ? 'utf8' : encoding))
}

/** The signature of these parts with a secret, encoded as the scheme does it, without its prefix. */
export function macOf(scheme: MacScheme, secret: string, signable: Signable): string {
  return macWith(scheme, keyOf(secret, scheme.key), signable)
}

function macWith(scheme: MacScheme, key: KeyObject, signable: Signable): string {
  const mac = createHmac(scheme.algorithm, key)
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

function fits(scheme: MacScheme, key: KeyObject, signable: Signable, signatures: readonly string[]): boolean {
  const expected = Buffer.from(macWith(scheme, key, signable))
  return signatures.some((signature) => {
    const given = Buffer.from(signature)
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}

type Given = { kind: 'given'; signatures: readonly string[]; timestamp: string | null }

function signaturesIn(header: string, scheme: MacScheme): Given | Refused {
  const { header: name, grammar } = scheme
  if (header.length > LONGEST_HEADER) {
    return malformed(`the header ${name} must have at most ${LONGEST_HEADER} characters`)
  }
  const given = grammar.kind === 'one' ? oneIn(header, grammar.prefix) : pairsIn(header, grammar)
  const wellFormed = scheme.encoding === 'hex' ? /^[0-9a-f]+$/ : /^[A-Za-z0-9+/]+={0,2}$/
  // Of several, one that is garbled does not spoil the others.
  if (given?.signatures.some((signature) => wellFormed.test(signature))) return given
  const form =
    grammar.kind === 'one'
      ? `${grammar.prefix}${scheme.encoding}`
      : `${grammar.timestamp}=…,${grammar.signature}=${scheme.encoding}`
  return malformed(
    `the header ${name} must hold one signature as ${form}${scheme.encoding === 'hex' ? ' in lower case' : ''}`,
  )
}

function oneIn(header: string, prefix: string): Given | null {
  if (!header.startsWith(prefix)) return null
  return { kind: 'given', signatures: [header.slice(prefix.length)], timestamp: null }
}

/** Other keys (Stripe's test scheme `v0`) are passed over; a second time is none. Blanks are what a proxy puts between two headers that it joins. */
function pairsIn(header: string, grammar: Extract<Grammar, { kind: 'pairs' }>): Given | null {
  if (/\s/.test(header)) return null
  const signatures: string[] = []
  const timestamps: string[] = []
  for (const pair of header.split(',')) {
    const at = pair.indexOf('=')
    const key = pair.slice(0, Math.max(at, 0))
    if (key === grammar.signature) signatures.push(pair.slice(at + 1))
    else if (key === grammar.timestamp) timestamps.push(pair.slice(at + 1))
  }
  const [timestamp, another] = timestamps
  if (timestamp === undefined || another !== undefined || signatures.length > MOST_SIGNATURES) return null
  return { kind: 'given', signatures, timestamp }
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
