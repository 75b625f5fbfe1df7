import { randomUUID } from 'node:crypto'
import { SingleBar } from 'cli-progress'
import { Webhook } from 'svix'
import type { Config } from '../config/config.ts'
import { parseDuration } from '../config/duration.ts'
import { type Fixture, readFixture } from '../config/fixtures.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { messageOf, PostriderError } from '../errors.ts'
import { configOf } from '../main.ts'
import { printJson, printTable, type Terminal } from './output.ts'

export type ReplayOptions = {
  url: string
  source?: string
  times: number
  duplicate?: boolean
  skew: string
  tamper?: Tamper
  live?: boolean
  json?: boolean
}
type Tamper = 'body' | 'signature' | 'header'

/** What one delivery was answered. */
export type Replayed = {
  file: string
  source: string
  webhookId: string
  status: number
  answer: string
  ms: number
}

/** Signs fixtures as their source would and posts them to a running service; true where every answer was the one to expect. */
export async function replay(
  variables: Variables,
  files: readonly string[],
  options: ReplayOptions,
  terminal: Terminal,
): Promise<boolean> {
  const skewMs = signedDuration(options.skew)
  const config = configOf(readEnvironment(variables).POSTRIDER_CONFIG, variables)
  const url = options.url.replace(/\/$/, '')
  await refuseLive(url, options.live === true)

  const fixtures = files.map((file) => ({ file, fixture: fixtureOf(file) }))
  const total = fixtures.length * options.times * (options.duplicate ? 2 : 1)
  const bar =
    terminal.err.isTTY && total > 20 ? new SingleBar({ stream: terminal.err, clearOnComplete: true }) : null
  bar?.start(total, 0)
  const replayed: Replayed[] = []
  for (let time = 0; time < options.times; time += 1) {
    for (const { file, fixture } of fixtures) {
      const source = options.source ?? fixture.source
      const delivery = sign(fixture, secretOf(config, source), { skewMs, fresh: time > 0 })
      const sent = options.tamper ? tampered(delivery, options.tamper) : delivery
      for (let copy = 0; copy < (options.duplicate ? 2 : 1); copy += 1) {
        replayed.push({
          file,
          source,
          webhookId: sent.webhookId,
          ...(await post(`${url}/webhooks/${source}`, sent)),
        })
        bar?.increment()
      }
    }
  }
  bar?.stop()
  if (options.json) printJson(terminal, replayed)
  else {
    printTable(
      terminal,
      ['FIXTURE', 'SOURCE', 'WEBHOOK ID', 'STATUS', 'MS', 'ANSWER'],
      replayed.map(({ file, source, webhookId, status, ms, answer }) => [
        file,
        source,
        webhookId,
        status,
        ms,
        answer,
      ]),
      'Nothing to replay.',
    )
  }
  const refuses = options.tamper !== undefined || Math.abs(skewMs) > SIGNATURE_TOLERANCE_MS
  return replayed.every(({ status }) => (refuses ? status === 401 : status === 200))
}

/** Standard Webhooks: a signature older or newer than this is refused. */
const SIGNATURE_TOLERANCE_MS = 300_000

export type SignedDelivery = { webhookId: string; headers: Record<string, string>; body: Buffer }

/** A fixture's delivery, signed now with a Standard Webhooks secret; `fresh` makes it a new event whatever id the fixture names. */
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

export async function post(
  url: string,
  delivery: SignedDelivery,
): Promise<{ status: number; answer: string; ms: number }> {
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
    const why = cause instanceof Error && cause.cause ? messageOf(cause.cause) : messageOf(cause)
    throw new PostriderError('SERVICE_UNREACHABLE', `No service answers at ${url}: ${why}`, { cause })
  }
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

function fixtureOf(file: string): Fixture {
  const read = readFixture(file)
  if (read.kind === 'invalid') throw new PostriderError('CONFIG_INVALID', `${file}: ${read.reason}`)
  return read.fixture
}

function secretOf(config: Config, source: string): string {
  const known = config.sources.get(source)
  if (!known) {
    throw new PostriderError(
      'NOT_FOUND',
      `There is no source ${source}; there are: ${[...config.sources.keys()].join(', ')}`,
    )
  }
  const secret = known.secrets[0]
  if (secret === undefined)
    throw new PostriderError('CONFIG_INVALID', `The source ${source} has no secret to sign with yet.`)
  return secret
}

/** Replayed events reach real customers where the service sends to a real org. */
async function refuseLive(url: string, live: boolean): Promise<void> {
  if (live) return
  let sendsTo: string | undefined
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(10_000) })
    sendsTo = ((await response.json()) as { sender?: { sendsTo?: string } }).sender?.sendsTo
  } catch (cause) {
    const why = cause instanceof Error && cause.cause ? messageOf(cause.cause) : messageOf(cause)
    throw new PostriderError(
      'SERVICE_UNREACHABLE',
      `No service answers at ${url}: ${why}. Start one (npx postrider start --sandbox), or name it with --url.`,
      { cause },
    )
  }
  if (sendsTo !== 'sandbox') {
    throw new PostriderError(
      'REFUSED',
      `The service at ${url} does not send to the sandbox: replayed events would reach real customers. Where that is meant, add --live.`,
    )
  }
}

/** `10m` or `-10m` → milliseconds. */
function signedDuration(text: string): number {
  const ms = parseDuration(text.replace(/^-/, ''))
  if (ms === null) throw new PostriderError('USAGE', `--skew: expected a duration such as -10m; got ${text}`)
  return text.startsWith('-') ? -ms : ms
}
