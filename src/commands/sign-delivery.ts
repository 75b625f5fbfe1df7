import { randomUUID } from 'node:crypto'
import type { Source } from '../config/config.ts'
import type { Fixture } from '../config/fixtures.ts'
import { PostriderError } from '../errors.ts'
import type { Scheme } from '../receive/signature/scheme.ts'
import { signRequest } from '../receive/signature/sign.ts'
import { TOLERANCE_MS } from '../receive/signature/standard-webhooks.ts'
import { calledUrl } from '../receive/signature/url.ts'
import { readDelivery } from '../receive/sources/read.ts'
import { schemeOf } from '../receive/sources/scheme-of.ts'
import { topicHeaderOf, withFreshIds } from './header-roles.ts'

/** A fixture as its source would send it, to be posted to `url`. `webhookId`: the key of its event; of a batch the first one's. */
export type SignedDelivery = {
  webhookId: string
  url: string
  headers: Record<string, string>
  body: Buffer
}
export type Tamper = 'body' | 'signature' | 'header'

/** A source as far as it signs, and the service that it sends to: `http://127.0.0.1:3000`. */
export type Signer = { source: Source; secret: string; service: string }

/**
 * `fresh`: a new event, whatever id the fixture's headers name; an id in the body is new where the fixture has `{{ id }}` there. `topic`: instead of the
 * fixture's own, where the sender names it in a header.
 */
export type SignOptions = { skewMs: number; fresh: boolean; topic?: string | undefined }

/** Signs now, as the source would. Throws USAGE where a topic is given and the sender has none in a header. */
export function sign(fixture: Fixture, signer: Signer, options: SignOptions): SignedDelivery {
  const { source, secret, service } = signer
  const scheme = schemeOf(source)
  const at = new Date(Date.now() + options.skewMs)
  const body = fixture.bytes(at)
  const given = headersOf(fixture)
  const named = given['webhook-id']
  const id = named !== undefined && !options.fresh ? named : `msg_${randomUUID().replaceAll('-', '')}`
  const headers = {
    'content-type': contentTypeOf(body),
    ...(options.fresh ? withFreshIds(source, body, given) : given),
    ...topicHeader(source, body, given, options.topic),
  }
  const target = `/webhooks/${source.name}`
  const rawHeaders = ['host', new URL(service).host]
  const url = calledUrl({ source: source.name, publicUrl: source.publicUrl, target, rawHeaders })
  const signed = signRequest(scheme, secret, { method: 'POST', url, headers, body, id, at })
  const delivery = {
    body: signed.body,
    rawHeaders: Object.entries(signed.headers).flat(),
    receivedAt: at.getTime(),
  }
  const [event] = readDelivery(source, delivery, scheme.kind === 'standard-webhooks' ? id : null)
  return {
    webhookId: event?.key ?? '',
    url: `${service}${target}${new URL(signed.url).search}`,
    headers: signed.headers,
    body: signed.body,
  }
}

/** Names in lower case: one that is added must not stand there twice. */
function headersOf({ headers = {} }: Fixture): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function contentTypeOf(body: Buffer): string {
  return /^\s*</.test(body.toString('utf8', 0, 100)) ? 'text/xml; charset=UTF-8' : 'application/json'
}

function topicHeader(
  source: Source,
  body: Buffer,
  headers: Readonly<Record<string, string>>,
  topic: string | undefined,
): Record<string, string> {
  if (topic === undefined) return {}
  const header = topicHeaderOf(source, body, headers, topic)
  if (header !== null) return { [header]: topic }
  throw new PostriderError(
    'USAGE',
    `--topic: ${source.name} (${source.preset}) says in the body what happened, and in no header. Change the fixture's body instead.`,
  )
}

/** The delivery as somebody changed it on the way: every such must be refused. Throws USAGE where the sender signs nothing of this part. */
export function tampered(
  delivery: SignedDelivery,
  { source, secret }: Pick<Signer, 'source' | 'secret'>,
  part: Tamper,
): SignedDelivery {
  const scheme = schemeOf(source)
  if (part === 'body') return withAnotherBody(delivery, scheme)
  if (scheme.kind === 'token') return withAnotherToken(delivery, scheme, secret)
  const { headers } = delivery
  const [name, change] = part === 'signature' ? signatureOf(scheme) : signedHeaderOf(scheme)
  return { ...delivery, headers: { ...headers, [name]: change(headers[name] ?? '') } }
}

function withAnotherBody(delivery: SignedDelivery, scheme: Scheme): SignedDelivery {
  if (scheme.kind === 'token') {
    throw new PostriderError(
      'USAGE',
      '--tamper body: a token says nothing of the body, so that a changed one is accepted. signature and header change the token.',
    )
  }
  return { ...delivery, body: Buffer.concat([delivery.body, Buffer.from(' ')]) }
}

type Change = (value: string) => string

/** The header of the signature, and another one of the same form. */
function signatureOf(scheme: Exclude<Scheme, { kind: 'token' }>): [string, Change] {
  if (scheme.kind === 'standard-webhooks') {
    return [
      'webhook-signature',
      (value) => value.replace(/^v1,(.)/, (_, first: string) => `v1,${otherThan(first)}`),
    ]
  }
  const { header, grammar } = scheme
  const before = grammar.kind === 'one' ? grammar.prefix : `${grammar.signature}=`
  return [
    header,
    (value) => {
      const at = value.indexOf(before) + before.length
      return `${value.slice(0, at)}${otherThan(value.charAt(at))}${value.slice(at + 1)}`
    },
  ]
}

/** Another header that is signed, or else the time; where there is neither the signature's own, as a proxy makes of two. */
function signedHeaderOf(scheme: Exclude<Scheme, { kind: 'token' }>): [string, Change] {
  if (scheme.kind === 'standard-webhooks') return ['webhook-id', (value) => `${value}x`]
  const { timestamp, header, grammar, signed } = scheme
  const other = signed.find((part) => typeof part === 'object' && 'header' in part)
  if (other !== undefined) return [other.header, (value) => `${value}x`]
  if (timestamp === null) return [header, (value) => `${value}, ${value}`]
  if (timestamp.in !== 'grammar') return [timestamp.in.header, laterDigit]
  const key = grammar.kind === 'pairs' ? grammar.timestamp : ''
  return [header, (value) => value.replace(new RegExp(`^${key}=[^,]*`), laterDigit)]
}

/** The last digit, of the second or its part, one further. */
function laterDigit(value: string): string {
  return value.replace(/(\d)(\D*)$/, (_, digit: string, rest: string) => `${(Number(digit) + 1) % 10}${rest}`)
}

function withAnotherToken(
  delivery: SignedDelivery,
  scheme: Extract<Scheme, { kind: 'token' }>,
  secret: string,
): SignedDelivery {
  const other = `${otherThan(secret.charAt(0))}${secret.slice(1)}`
  const unsigned = { ...delivery, method: 'POST', id: '', at: new Date(0) }
  return { ...delivery, ...signRequest(scheme, other, unsigned) }
}

/** Whether a delivery must be refused for being signed so far from now. */
export function isStale({ source }: Pick<Signer, 'source'>, skewMs: number): boolean {
  const scheme = schemeOf(source)
  if (scheme.kind === 'token') return false
  if (scheme.kind === 'standard-webhooks') return Math.abs(skewMs) > TOLERANCE_MS
  const { timestamp } = scheme
  if (timestamp === null) return false
  return -skewMs > timestamp.oldestMs || (timestamp.aheadMs !== null && skewMs > timestamp.aheadMs)
}

/** Of either alphabet, hex and base64. */
function otherThan(character: string): string {
  return character === 'a' ? 'b' : 'a'
}
