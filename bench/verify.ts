import { createHmac, createSecretKey } from 'node:crypto'
import { type MacScheme, SCHEMES, type Scheme } from '../src/receive/signature/scheme.ts'
import { signRequest } from '../src/receive/signature/sign.ts'
import { writtenTime } from '../src/receive/signature/time.ts'
import { signedUri } from '../src/receive/signature/url.ts'
import type { SignedRequest } from '../src/receive/signature/verdict.ts'
import { verify } from '../src/receive/signature/verify.ts'
import { BENCH_SECRET } from './config.ts'

/** `most`: times createHmac's own cost that a scheme of the table may have. At a small body its headers are read, at a large one nothing but the HMAC counts. */
const SIZES = [
  { name: '1 kB', bytes: 1024, calls: 250, most: 2 },
  { name: '1 MiB', bytes: 1024 * 1024, calls: 1, most: 1.1 },
] as const

const NOW = Date.UTC(2026, 0, 1)
const METHOD = 'POST'
const URL_CALLED = 'https://hooks.example.com/webhooks/crm?via=a%2Fb'
const TEXT_SECRET = 'a-secret-of-the-benches'

/** Of a delivery through a proxy, before its proof. */
const HEADERS = {
  host: 'hooks.example.com',
  connection: 'keep-alive',
  'content-length': '1024',
  'content-type': 'application/json; charset=utf-8',
  accept: '*/*',
  'accept-encoding': 'gzip, deflate, br',
  'accept-language': 'en',
  'cache-control': 'no-cache',
  'user-agent': 'Sender-Webhooks/2.1 (+https://sender.example/docs)',
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-host': 'hooks.example.com',
  'x-forwarded-port': '443',
  'x-forwarded-proto': 'https',
  'x-real-ip': '203.0.113.7',
  'x-request-id': '0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60',
  'x-sender-topic': 'tickets/update',
  'x-sender-account': '22129848',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
}

export type VerifyCase = {
  scheme: string
  size: string
  /** Microseconds of one call, the medians of all turns. */
  verifyUs: number
  hmacUs: number
  /** The median of the turns' ratios. */
  ratio: number
  /** Null: shown without a limit. */
  most: number | null
  isWell: boolean
}

/** What `verify` costs over createHmac alone, over the same bytes by the same algorithm, in turns. */
export function benchVerify({ turns }: { turns: number }): VerifyCase[] {
  return SIZES.flatMap((size) =>
    Object.entries<Scheme>(SCHEMES).flatMap(([name, scheme]) =>
      scheme.kind === 'token' ? [] : [measure(name, scheme, size, turns)],
    ),
  )
}

type Measurable = Exclude<Scheme, { kind: 'token' }>

function measure(name: string, scheme: Measurable, size: (typeof SIZES)[number], turns: number): VerifyCase {
  const secret = scheme.kind === 'standard-webhooks' && scheme.key === 'whsec' ? BENCH_SECRET : TEXT_SECRET
  const request = requestOf(scheme, secret, size.bytes)
  if (verify(scheme, request).kind !== 'authentic') throw new Error(`${name}: the bench signs wrongly`)
  const hmac = hmacOf(scheme, secret, request)
  const sides = { verify: () => verify(scheme, request), hmac }
  const times = { verify: [] as number[], hmac: [] as number[] }
  const order = ['verify', 'hmac'] as const
  // The first warms the code.
  for (let turn = -1; turn < turns; turn += 1) {
    for (const side of turn % 2 === 0 ? order : order.toReversed()) {
      const us = timeOf(sides[side], size.calls)
      if (turn >= 0) times[side].push(us)
    }
  }
  const ratio = median(times.verify.map((us, turn) => us / (times.hmac[turn] ?? Number.NaN)))
  const most = scheme.kind === 'mac' ? size.most : null
  return {
    scheme: name,
    size: size.name,
    verifyUs: median(times.verify),
    hmacUs: median(times.hmac),
    ratio,
    most,
    isWell: most === null || ratio <= most,
  }
}

function requestOf(scheme: Scheme, secret: string, bytes: number): SignedRequest {
  const note = 'The customer called about the delivery, and was told that it is on its way. '
  const start = '{"type":"ticket.resolved","note":"'
  const body = Buffer.from(
    `${start}${note.repeat(Math.ceil(bytes / note.length)).slice(0, bytes - start.length - 2)}"}`,
  )
  const unsigned = { method: METHOD, url: URL_CALLED, headers: HEADERS, body, id: 'msg_1', at: new Date(NOW) }
  const { url, headers } = signRequest(scheme, secret, unsigned)
  return {
    method: METHOD,
    url,
    rawHeaders: Object.entries(headers).flat(),
    body,
    secrets: [secret],
    nowMs: NOW,
  }
}

/** The same bytes in one piece, with a key that is made before: createHmac at its cheapest. */
function hmacOf(scheme: Measurable, secret: string, request: SignedRequest): () => string {
  if (scheme.kind === 'standard-webhooks') {
    const encoded = Buffer.from(secret.slice('whsec_'.length), 'base64')
    const key = createSecretKey(scheme.key === 'text' ? Buffer.from(secret) : encoded)
    const bytes = Buffer.concat([Buffer.from(`msg_1.${NOW / 1000}.`), request.body])
    return () => createHmac('sha256', key).update(bytes).digest('base64')
  }
  const { algorithm, encoding } = scheme
  const key = createSecretKey(Buffer.from(secret))
  const bytes = bytesOf(scheme, request)
  return () => createHmac(algorithm, key).update(bytes).digest(encoding)
}

function bytesOf({ signed, timestamp }: MacScheme, { method, url, body }: SignedRequest): Buffer {
  const time = timestamp ? writtenTime(NOW, timestamp.units[0] ?? 's') : ''
  const parts = signed.map((part) => {
    if (part === 'body') return body
    if (typeof part !== 'string') return Buffer.from('text' in part ? part.text : '')
    return Buffer.from({ timestamp: time, method, url: signedUri(url) }[part])
  })
  return Buffer.concat(parts)
}

/** Microseconds a call. */
function timeOf(call: () => unknown, calls: number): number {
  const began = performance.now()
  for (let n = 0; n < calls; n += 1) call()
  return ((performance.now() - began) * 1000) / calls
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
