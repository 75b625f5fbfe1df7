import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { Webhook } from 'svix'
import { type Fixture, readFixture } from '../config/fixtures.ts'
import { messageOf, PostriderError } from '../errors.ts'

/** A fixture as its source would send it. */
export type SignedDelivery = { webhookId: string; headers: Record<string, string>; body: Buffer }
export type Tamper = 'body' | 'signature' | 'header'

/** Reads a fixture; throws NOT_FOUND, or CONFIG_INVALID with what is wrong in it. */
export function fixtureOf(file: string): Fixture {
  if (!existsSync(file)) throw new PostriderError('NOT_FOUND', `There is no file ${file}.`)
  const read = readFixture(file)
  if (read.kind === 'invalid') throw new PostriderError('CONFIG_INVALID', `${file}: ${read.reason}`)
  return read.fixture
}

/** Signs now with a Standard Webhooks secret; `fresh` makes it a new event whatever id the fixture names. */
export function sign(
  fixture: Fixture,
  secret: string,
  options: { skewMs: number; fresh: boolean },
): SignedDelivery {
  const at = new Date(Date.now() + options.skewMs)
  const named = fixture.headers?.['webhook-id']
  const webhookId = named !== undefined && !options.fresh ? named : `msg_${randomUUID().replaceAll('-', '')}`
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

/** The delivery as somebody changed it on the way: every such must be refused. */
export function tampered(delivery: SignedDelivery, part: Tamper): SignedDelivery {
  const { headers } = delivery
  if (part === 'body') return { ...delivery, body: Buffer.concat([delivery.body, Buffer.from(' ')]) }
  if (part === 'header')
    return { ...delivery, headers: { ...headers, 'webhook-id': `${delivery.webhookId}x` } }
  const signature = headers['webhook-signature'] ?? ''
  const swapped = signature.replace(/^v1,(.)/, (_, first: string) => `v1,${first === 'A' ? 'B' : 'A'}`)
  return { ...delivery, headers: { ...headers, 'webhook-signature': swapped } }
}

export type Answered = { status: number; answer: string; ms: number }

/** Throws SERVICE_UNREACHABLE where nobody answers. */
export async function post(url: string, delivery: SignedDelivery): Promise<Answered> {
  const began = performance.now()
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: delivery.headers,
      body: new Uint8Array(delivery.body),
      signal: AbortSignal.timeout(30_000),
    })
    const text = await response.text()
    return { status: response.status, answer: summaryOf(text), ms: Math.round(performance.now() - began) }
  } catch (cause) {
    throw new PostriderError('SERVICE_UNREACHABLE', `No service answers at ${url}: ${whyOf(cause)}`, {
      cause,
    })
  }
}

/** What `fetch` failed for: its own words are "fetch failed". */
export function whyOf(error: unknown): string {
  return error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error)
}

/** Of an RFC 9457 problem its detail, else the beginning of the body. */
function summaryOf(body: string): string {
  try {
    const { detail, title } = JSON.parse(body) as { detail?: string; title?: string }
    return detail ?? title ?? body.slice(0, 120)
  } catch {
    return body.slice(0, 120)
  }
}
