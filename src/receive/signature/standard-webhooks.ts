import { isUtf8 } from 'node:buffer'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { Webhook } from 'svix'
import type { StandardScheme } from './scheme.ts'
import { malformed, NO_SECRET, type Refused, refused, type SignedRequest, type Verdict } from './verdict.ts'

/** The specification's tolerance, both ways: long enough for clocks that drift, short enough to make replays useless. */
const TOLERANCE_S = 300
export const TOLERANCE_MS = TOLERANCE_S * 1000
/** Svix's ids have 30 characters, UUIDs 36. */
const LONGEST_ID = 255
/** A rotation carries one signature of 47 characters for each secret; asymmetric ones have 92. */
const LONGEST_SIGNATURE = 4096
const MOST_SIGNATURES = 32
/** `v1` is ours; `v1a` (asymmetric) or a `v2` to come may stand beside it. A second comma is what a proxy makes of two headers. */
const SIGNATURE = /^v\d+[a-z]*,[A-Za-z0-9+/]+={0,2}$/

/**
 * Verifies a delivery by Standard Webhooks (symmetric, `v1`), as Svix and BigCommerce sign too. Pure: the clock is passed in.
 *
 * The headers are checked more strictly than the libraries do, which read `1614265330abc` as a timestamp and the last of two equal
 * headers: exactly one id, timestamp and signature, of the family `webhook-*` or `svix-*`. Where both families come (Svix can send
 * both) they must say the same. Svix's own `verify` reads the system's clock, so its `sign` is used and compared here.
 *
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md; svix 2.5, standardwebhooks 1.1.
 */
export function verifyStandardWebhook(
  request: Pick<SignedRequest, 'rawHeaders' | 'body' | 'secrets' | 'nowMs'>,
  key: StandardScheme['key'] = 'whsec',
): Verdict {
  if (request.secrets.length === 0) return NO_SECRET

  const found = headersOf(request.rawHeaders)
  if (found.kind === 'refused') return found
  const { id, timestamp, signature } = found

  // A comma is what a proxy makes of two headers of one name; ids of real senders have none.
  if (id.length > LONGEST_ID || !/^[\x21-\x2b\x2d-\x7e]+$/.test(id)) {
    return malformed(`the id must be 1 to ${LONGEST_ID} visible ASCII characters without a comma`)
  }
  // Without leading zeros, because what is signed is the number: one signature must fit one header only.
  if (!/^[1-9]\d{0,11}$/.test(timestamp)) {
    return malformed('the timestamp must be seconds since 1970, digits only')
  }
  if (signature.length > LONGEST_SIGNATURE) {
    return malformed(`the signature header must have at most ${LONGEST_SIGNATURE} characters`)
  }
  const signatures = signature.split(' ')
  if (signatures.length > MOST_SIGNATURES) {
    return malformed(`the signature header must hold at most ${MOST_SIGNATURES} signatures`)
  }
  if (!signatures.every((one) => SIGNATURE.test(one))) {
    return malformed(
      'the signature header must be signatures such as v1,base64 with single spaces between; two headers joined by a comma are none',
    )
  }

  const stale = outOfTime(Number(timestamp), request.nowMs)
  if (stale) return stale
  const given = signatures.map((one) => Buffer.from(one))
  for (const expected of expectedOf(request, key, id, timestamp)) {
    if (given.some((one) => equal(one, expected))) {
      return { kind: 'authentic', id, timestampMs: Number(timestamp) * 1000 }
    }
  }
  return refused(
    'no-match',
    'no v1 signature fits the body and any secret of this source; compare the secrets, and see that nothing on the way changes the body',
  )
}

type SignatureHeaders = { id: string; timestamp: string; signature: string }
type Family = Partial<SignatureHeaders>

const PARTS = ['id', 'timestamp', 'signature'] as const
const FAMILIES = ['webhook', 'svix'] as const

/** Header name → which part of which family it is. */
const HEADERS: ReadonlyMap<string, { family: (typeof FAMILIES)[number]; part: (typeof PARTS)[number] }> =
  new Map(FAMILIES.flatMap((family) => PARTS.map((part) => [`${family}-${part}`, { family, part }] as const)))

/** The three headers, or what is wrong with them. */
function headersOf(rawHeaders: readonly string[]): ({ kind: 'complete' } & SignatureHeaders) | Refused {
  const found: Record<(typeof FAMILIES)[number], Family> = { webhook: {}, svix: {} }
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? ''
    const header = HEADERS.get(name)
    if (header === undefined) continue
    const family = found[header.family]
    if (family[header.part] !== undefined) {
      return refused('duplicate-header', `there is more than one ${name} header`)
    }
    family[header.part] = rawHeaders[at + 1] ?? ''
  }
  const { webhook, svix } = found
  const contradicted = PARTS.find(
    (part) => webhook[part] !== undefined && svix[part] !== undefined && webhook[part] !== svix[part],
  )
  if (contradicted) {
    return malformed(`webhook-${contradicted} and svix-${contradicted} contradict each other`)
  }
  return complete(webhook) ?? complete(svix) ?? missing(webhook, svix)
}

function complete({ id, timestamp, signature }: Family) {
  if (id === undefined || timestamp === undefined || signature === undefined) return null
  return { kind: 'complete' as const, id, timestamp, signature }
}

function missing(webhook: Family, svix: Family): Refused {
  const svixish = Object.keys(svix).length > Object.keys(webhook).length
  const present = svixish ? svix : webhook
  const names = PARTS.filter((part) => present[part] === undefined).map(
    (part) => `${svixish ? 'svix' : 'webhook'}-${part}`,
  )
  return refused('missing-header', `without the header ${names.join(', ')}`)
}

/** Whole seconds on both sides, as the libraries compare: 300 s are accepted, 301 are not. */
function outOfTime(timestamp: number, nowMs: number): Refused | null {
  const ageS = Math.floor(nowMs / 1000) - timestamp
  if (ageS > TOLERANCE_S) {
    return refused(
      'too-old',
      `signed ${ageS} s ago by this server's clock, ${TOLERANCE_S} s are allowed; sign it anew for every try, and set the clocks`,
    )
  }
  if (ageS < -TOLERANCE_S) {
    return refused(
      'too-new',
      `signed ${-ageS} s in the future by this server's clock, ${TOLERANCE_S} s are allowed; set the clocks`,
    )
  }
  return null
}

/**
 * What each secret would have signed. Svix' library signs text, in which all bytes that are not UTF-8 would become U+FFFD and compare as
 * equal; a body that has such bytes is authentic all the same if they were signed, so those alone are signed here byte by byte.
 */
function* expectedOf(
  { secrets, body }: Pick<SignedRequest, 'secrets' | 'body'>,
  kind: StandardScheme['key'],
  id: string,
  timestamp: string,
): Generator<Buffer> {
  const text = isUtf8(body) ? body.toString('utf8') : null
  const signedAt = new Date(Number(timestamp) * 1000)
  for (const { webhook, key } of signersOf(secrets, kind)) {
    if (text !== null) yield Buffer.from(webhook.sign(id, signedAt, text))
    else {
      const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body)
      yield Buffer.from(`v1,${mac.digest('base64')}`)
    }
  }
}

/** The signature of Standard Webhooks, as its header holds it. `at`: whole seconds count. */
export function standardSignature(
  secret: string,
  kind: StandardScheme['key'],
  { id, at, body }: { id: string; at: Date; body: Buffer },
): string {
  const [signature] = expectedOf(
    { secrets: [secret], body },
    kind,
    id,
    String(Math.floor(at.getTime() / 1000)),
  )
  return signature?.toString() ?? ''
}

type Signer = { webhook: Webhook; key: Buffer }

/** Decoding a key costs about as much as a small body's signature. A list of secrets lives as long as its configuration, and belongs to one source. */
const signers = {
  whsec: new WeakMap<readonly string[], readonly Signer[]>(),
  text: new WeakMap<readonly string[], readonly Signer[]>(),
}

function signersOf(secrets: readonly string[], kind: StandardScheme['key']): readonly Signer[] {
  let prepared = signers[kind].get(secrets)
  if (prepared === undefined) {
    prepared = secrets.map((secret) => {
      const encoded = kind === 'text' ? Buffer.from(secret).toString('base64') : secret.replace(/^whsec_/, '')
      return { webhook: new Webhook(encoded), key: Buffer.from(encoded, 'base64') }
    })
    signers[kind].set(secrets, prepared)
  }
  return prepared
}

/** In constant time. The length is no secret: every v1 signature has the same. */
function equal(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected)
}
