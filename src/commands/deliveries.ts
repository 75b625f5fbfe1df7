import { existsSync } from 'node:fs'
import { type Fixture, readFixture } from '../config/fixtures.ts'
import { messageOf, PostriderError } from '../errors.ts'
import type { SignedDelivery } from './sign-delivery.ts'

/** Reads a fixture; throws NOT_FOUND, or CONFIG_INVALID with what is wrong in it. */
export function fixtureOf(file: string): Fixture {
  if (!existsSync(file)) throw new PostriderError('NOT_FOUND', `There is no file ${file}.`)
  const read = readFixture(file)
  if (read.kind === 'invalid') throw new PostriderError('CONFIG_INVALID', `${file}: ${read.reason}`)
  return read.fixture
}

export type Answered = { status: number; answer: string; ms: number }

/** Throws SERVICE_UNREACHABLE where nobody answers. */
export async function post(delivery: Omit<SignedDelivery, 'webhookId'>): Promise<Answered> {
  const { url } = delivery
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
    throw new PostriderError(
      'SERVICE_UNREACHABLE',
      `No service answers at ${url.split('?')[0]}: ${whyOf(cause)}`,
      {
        cause,
      },
    )
  }
}

/** What `fetch` failed for: its own words are "fetch failed". */
export function whyOf(error: unknown): string {
  return error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error)
}

/** Of an RFC 9457 problem its detail, of XML (Salesforce's Ack) what it says, else the beginning of the body. */
function summaryOf(body: string): string {
  const [, element, content] = /<(\w+)>([^<]+)<\/\1>/.exec(body) ?? []
  if (element !== undefined) return `${element} ${content}`
  try {
    const { detail, title } = JSON.parse(body) as { detail?: string; title?: string }
    return detail ?? title ?? body.slice(0, 120)
  } catch {
    return body.slice(0, 120)
  }
}
