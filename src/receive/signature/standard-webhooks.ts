import { isUtf8 } from 'node:buffer'
import { timingSafeEqual } from 'node:crypto'
import { Webhook } from 'svix'

/** What a delivery carries to prove who sent it; `headers` as Node has them in `rawHeaders`, so that doubles are seen. */
export type Signed = { headers: readonly string[]; body: Buffer }

export type Verdict =
  | { kind: 'authentic'; id: string; timestampMs: number }
  /** `reason` is stable and counted; `detail` is for whoever set the sender up, and tells a stranger nothing. */
  | { kind: 'refused'; reason: RefusedReason; detail: string }

export type RefusedReason =
  | 'no-secret'
  | 'missing-header'
  | 'duplicate-header'
  | 'malformed-header'
  | 'too-old'
  | 'too-new'
  | 'not-utf8'
  | 'no-match'

/** Standard Webhooks and Svix allow clocks to differ by this. */
const TOLERANCE_MS = 5 * 60_000
/** Ids of senders have 30 to 64 characters; an index key is what bounds them. */
const ID = /^[\x21-\x7e]{1,255}$/
/** Seconds, until the year 5138. */
const TIMESTAMP = /^\d{1,11}$/
/** A rotation has two signatures; more than a few is an attempt to make us compute. */
const SIGNATURES = /^\S{1,200}(?: \S{1,200}){0,9}$/

/**
 * Verifies a delivery signed after Standard Webhooks (v1: HMAC-SHA256 over `id.timestamp.body`), under either family of header names. Strict
 * before any cryptography: exactly one of each header, digits for the time. Pure: `nowMs` is the clock. svix computes what each secret
 * would have signed, and the comparison takes the same time whatever differs; svix' own comparison has the system's clock built in.
 *
 * Source: https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md
 */
export function verifyStandardWebhook(
  { headers, body }: Signed,
  secrets: readonly string[],
  nowMs: number,
): Verdict {
  if (secrets.length === 0) return refused('no-secret', 'this source has no secret configured yet')
  const read = readHeaders(headers)
  if (read.kind === 'refused') return read
  const { id, timestamp, signatures } = read
  const timestampMs = Number(timestamp) * 1000
  if (timestampMs < nowMs - TOLERANCE_MS) {
    return refused('too-old', `signed ${ago(nowMs - timestampMs)} ago; at most 5 minutes are allowed`)
  }
  if (timestampMs > nowMs + TOLERANCE_MS) {
    return refused('too-new', `signed ${ago(timestampMs - nowMs)} in the future; check the clocks`)
  }
  // svix signs text. Bytes that are no text would compare as U+FFFD: different bodies under one signature.
  if (!isUtf8(body)) return refused('not-utf8', 'the body is not UTF-8')
  const text = body.toString('utf8')
  const at = new Date(timestampMs)
  // Each secret against each signature, without stopping at the first that matches.
  let matches = 0
  for (const secret of secrets) {
    const expected = Buffer.from(webhookOf(secret).sign(id, at, text))
    for (const signature of signatures) {
      const given = Buffer.from(signature)
      if (given.length === expected.length && timingSafeEqual(given, expected)) matches += 1
    }
  }
  return matches > 0
    ? { kind: 'authentic', id, timestampMs }
    : refused('no-match', 'no configured secret made any of the signatures')
}

type Headers = { kind: 'headers'; id: string; timestamp: string; signatures: string[] }
type Refused = Extract<Verdict, { kind: 'refused' }>

const FAMILIES = ['webhook', 'svix'] as const

/** Svix sends its own names or the standard's, or both; each family that is there must be whole, and both must say the same. */
function readHeaders(raw: readonly string[]): Headers | Refused {
  const found: Headers[] = []
  for (const family of FAMILIES) {
    const names = [`${family}-id`, `${family}-timestamp`, `${family}-signature`]
    const values = names.map((name) => valuesOf(raw, name))
    if (values.every((list) => list.length === 0)) continue
    for (const [n, list] of values.entries()) {
      if (list.length === 0) return refused('missing-header', `${names[n]} is missing`)
      if (list.length > 1) return refused('duplicate-header', `${names[n]} is there ${list.length} times`)
    }
    const [id = '', timestamp = '', signature = ''] = values.flat()
    if (!ID.test(id)) return refused('malformed-header', `${family}-id is not 1 to 255 visible characters`)
    if (!TIMESTAMP.test(timestamp))
      return refused('malformed-header', `${family}-timestamp is not seconds in digits`)
    if (!SIGNATURES.test(signature))
      return refused('malformed-header', `${family}-signature is not a list of signatures`)
    found.push({ kind: 'headers', id, timestamp, signatures: signature.split(' ') })
  }
  const [first, second] = found
  if (!first)
    return refused('missing-header', 'webhook-id, webhook-timestamp and webhook-signature are missing')
  if (second && JSON.stringify(first) !== JSON.stringify(second)) {
    return refused('duplicate-header', 'the webhook-… and svix-… headers contradict each other')
  }
  return first
}

function valuesOf(raw: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let n = 0; n + 1 < raw.length; n += 2) {
    if (raw[n]?.toLowerCase() === name) values.push(raw[n + 1] ?? '')
  }
  return values
}

/** One for each secret of the configuration: decoding a key costs more than a short body's signature. */
const webhooks = new Map<string, Webhook>()

function webhookOf(secret: string): Webhook {
  let webhook = webhooks.get(secret)
  if (!webhook) {
    webhook = new Webhook(secret)
    webhooks.set(secret, webhook)
  }
  return webhook
}

function refused(reason: RefusedReason, detail: string): Refused {
  return { kind: 'refused', reason, detail }
}

function ago(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`
}
