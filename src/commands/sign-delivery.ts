import { randomUUID } from 'node:crypto'
import { Webhook } from 'svix'
import type { Source } from '../config/config.ts'
import type { Fixture } from '../config/fixtures.ts'
import { PostriderError } from '../errors.ts'
import { verifyGenesysUndelivered } from '../receive/sources/genesys-undelivered.ts'

/** A fixture as its source would send it. `webhookId`: the key of its event. */
export type SignedDelivery = { webhookId: string; headers: Record<string, string>; body: Buffer }
export type Tamper = 'body' | 'signature' | 'header'

/** A source as far as it signs. */
export type Signer = { preset: Source['preset']; secret: string }

/** `fresh`: a new event, whatever id the fixture names. */
export type SignOptions = { skewMs: number; fresh: boolean }

type Scheme = {
  sign(fixture: Fixture, secret: string, options: SignOptions): SignedDelivery
  /** The delivery as somebody changed it on the way: every such must be refused. */
  tamper(delivery: SignedDelivery, part: Tamper): SignedDelivery
  /** How far the clock may be off; null: no time is signed. */
  toleranceMs: number | null
}

/** Signs now, as the source would. */
export function sign(fixture: Fixture, { preset, secret }: Signer, options: SignOptions): SignedDelivery {
  return SCHEMES[preset].sign(fixture, secret, options)
}

/** Throws USAGE where the source does not sign this part. */
export function tampered(
  delivery: SignedDelivery,
  { preset }: Pick<Signer, 'preset'>,
  part: Tamper,
): SignedDelivery {
  return SCHEMES[preset].tamper(delivery, part)
}

/** Whether a delivery must be refused for being signed so far from now. */
export function isStale({ preset }: Pick<Signer, 'preset'>, skewMs: number): boolean {
  const { toleranceMs } = SCHEMES[preset]
  return toleranceMs !== null && Math.abs(skewMs) > toleranceMs
}

const SCHEMES: Readonly<Record<Source['preset'], Scheme>> = {
  'standard-webhooks': { sign: signWebhook, tamper: tamperWebhook, toleranceMs: 300_000 },
  'genesys-undelivered': { sign: addToken, tamper: tamperToken, toleranceMs: null },
}

function signWebhook(fixture: Fixture, secret: string, { skewMs, fresh }: SignOptions): SignedDelivery {
  const at = new Date(Date.now() + skewMs)
  const named = fixture.headers?.['webhook-id']
  const webhookId = named !== undefined && !fresh ? named : `msg_${randomUUID().replaceAll('-', '')}`
  const body = fixture.bytes(at)
  const headers = {
    'content-type': 'application/json',
    ...fixture.headers,
    'webhook-id': webhookId,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(webhookId, at, body.toString('utf8')),
  }
  return { webhookId, headers, body }
}

function tamperWebhook(delivery: SignedDelivery, part: Tamper): SignedDelivery {
  const { headers } = delivery
  if (part === 'body') return { ...delivery, body: Buffer.concat([delivery.body, Buffer.from(' ')]) }
  if (part === 'header')
    return { ...delivery, headers: { ...headers, 'webhook-id': `${delivery.webhookId}x` } }
  const signature = headers['webhook-signature'] ?? ''
  const swapped = signature.replace(/^v1,(.)/, (_, first: string) => `v1,${otherThan(first)}`)
  return { ...delivery, headers: { ...headers, 'webhook-signature': swapped } }
}

const TOKEN_HEADER = 'x-postrider-token'

/** A token instead of a signature; the key is made of the body. */
function addToken(fixture: Fixture, secret: string, { skewMs, fresh }: SignOptions): SignedDelivery {
  const bytes = fixture.bytes(new Date(Date.now() + skewMs))
  const body = fresh ? ofAnotherCommunication(bytes) : bytes
  // A header is sent byte by byte.
  const token = Buffer.from(secret).toString('latin1')
  const verdict = verifyGenesysUndelivered({
    rawHeaders: [TOKEN_HEADER, token],
    body,
    secrets: [secret],
    nowMs: Date.now(),
  })
  return {
    webhookId: verdict.kind === 'authentic' ? verdict.id : '',
    headers: { 'content-type': 'application/json', ...fixture.headers, [TOKEN_HEADER]: token },
    body,
  }
}

/** The same news as another event: its communication tells events apart, and nothing else reads it. What is no object stays as it is. */
function ofAnotherCommunication(body: Buffer): Buffer {
  let payload: unknown
  try {
    payload = JSON.parse(body.toString('utf8'))
  } catch {
    return body
  }
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return body
  const communicationId = randomUUID()
  const { eventBody } = payload as { eventBody?: unknown }
  const other =
    typeof eventBody === 'object' && eventBody !== null
      ? { ...payload, eventBody: { ...eventBody, communicationId } }
      : { ...payload, communicationId }
  return Buffer.from(JSON.stringify(other))
}

function tamperToken(delivery: SignedDelivery, part: Tamper): SignedDelivery {
  if (part === 'body') {
    throw new PostriderError(
      'USAGE',
      '--tamper body: a token says nothing of the body, so that a changed one is accepted. signature and header change the token.',
    )
  }
  const token = delivery.headers[TOKEN_HEADER] ?? ''
  const changed = `${otherThan(token.charAt(0))}${token.slice(1)}`
  return { ...delivery, headers: { ...delivery.headers, [TOKEN_HEADER]: changed } }
}

function otherThan(character: string): string {
  return character === 'A' ? 'B' : 'A'
}
