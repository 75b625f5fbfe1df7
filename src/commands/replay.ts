import { statSync } from 'node:fs'
import { SingleBar } from 'cli-progress'
import { z } from 'zod'
import type { Config } from '../config/config.ts'
import { type Fixture, fixtureFiles } from '../config/fixtures.ts'
import { loadConfig } from '../config/load.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { messageOf, PostriderError } from '../errors.ts'
import { problemLine } from '../settings.ts'
import { visible } from '../visible.ts'
import { type Answered, fixtureOf, post, whyOf } from './deliveries.ts'
import { printJson, printTable, type Terminal } from './output.ts'
import { isStale, type Signer, sign, type Tamper, tampered } from './sign-delivery.ts'

export type ReplayOptions = {
  url: string
  source?: string
  times: number
  duplicate?: boolean
  /** Milliseconds. */
  skew: number
  tamper?: Tamper
  topic?: string
  live?: boolean
  json?: boolean
}

/** What one delivery was answered. */
export type Replayed = Answered & { file: string; source: string; webhookId: string }

/** More than fit a screen: what happened to them is summed up. */
const EACH_SHOWN = 30
/** Fewer are over before a bar is read. */
const BAR_FROM = 20

const NOT_NEW =
  'the same event each time, and known from the second on: write {{ id }} where its id stands, so that it is a new one'

/** Signs fixtures as their source would and posts them to a running service; true where every answer was the one to expect. */
export async function replay(
  variables: Variables,
  files: readonly string[],
  options: ReplayOptions,
  terminal: Terminal,
): Promise<boolean> {
  const url = serviceUrl(options.url)
  const config = secretsOf(variables)
  const fixtures = files.flatMap(filesOf).map((file) => {
    const fixture = fixtureOf(file)
    const source = options.source ?? fixture.source
    return { file, fixture, source, signer: { ...signerOf(config, source), service: url } }
  })
  await refuseLive(url, options.live === true)

  const replayed: Replayed[] = []
  const notNew = new Set<string>()
  let isAsExpected = true
  const copies = options.duplicate ? 2 : 1
  const total = fixtures.length * options.times * copies
  const bar =
    terminal.err.isTTY && total >= BAR_FROM
      ? new SingleBar({
          stream: terminal.err,
          clearOnComplete: true,
          format: '{bar} {value}/{total} posted, {eta} s left',
        })
      : null
  bar?.start(total, 0)
  try {
    for (let time = 0; time < options.times; time += 1) {
      for (const { file, fixture, source, signer } of fixtures) {
        const delivery = signed(fixture, signer, time > 0, options)
        const expected = options.tamper !== undefined || isStale(signer, options.skew) ? 401 : 200
        for (let copy = 0; copy < copies; copy += 1) {
          const answered = await post(delivery)
          replayed.push({ file, source, webhookId: delivery.webhookId, ...answered })
          if (answered.status !== expected) isAsExpected = false
          if (time > 0 && copy === 0 && answered.answer === 'known') notNew.add(file)
          bar?.increment()
        }
      }
    }
  } catch (error) {
    if (replayed.length === 0 || !(error instanceof PostriderError)) throw error
    throw new PostriderError(
      error.code,
      `${error.message}. ${replayed.length} of ${total} were answered before.`,
      {
        cause: error,
      },
    )
  } finally {
    bar?.stop()
  }
  show(replayed, options.json === true, terminal)
  for (const file of notNew) terminal.err.write(`${visible(`${file}: ${NOT_NEW}`)}\n`)
  return isAsExpected
}

function signed(fixture: Fixture, signer: Signer, fresh: boolean, { skew, tamper, topic }: ReplayOptions) {
  const delivery = sign(fixture, signer, { skewMs: skew, fresh, topic })
  return tamper === undefined ? delivery : tampered(delivery, signer, tamper)
}

function show(replayed: readonly Replayed[], json: boolean, terminal: Terminal): void {
  if (json) printJson(terminal, replayed)
  else if (replayed.length <= EACH_SHOWN) showEach(replayed, terminal)
  else showSummedUp(replayed, terminal)
}

function showEach(replayed: readonly Replayed[], terminal: Terminal): void {
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

function showSummedUp(replayed: readonly Replayed[], terminal: Terminal): void {
  const alike = Map.groupBy(replayed, ({ file, source, status, answer }) =>
    JSON.stringify([file, source, status, answer]),
  )
  printTable(
    terminal,
    ['FIXTURE', 'SOURCE', 'STATUS', 'COUNT', 'MEDIAN MS', 'ANSWER'],
    [...alike.values()].flatMap((group) => {
      const [first] = group
      if (!first) return []
      const { file, source, status, answer } = first
      return [[file, source, status, group.length, medianOf(group), answer]]
    }),
    'Nothing to replay.',
  )
}

function medianOf(group: readonly Replayed[]): number {
  const times = group.map(({ ms }) => ms).sort((a, b) => a - b)
  return times[Math.floor(times.length / 2)] ?? 0
}

function serviceUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, '')
  throw new PostriderError(
    'USAGE',
    `--url: expected the service’s address, such as http://127.0.0.1:3000; got ${text}`,
  )
}

/** A folder stands for the fixtures in it. */
function filesOf(file: string): string[] {
  const isFolder = statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false
  return isFolder ? fixtureFiles(file) : [file]
}

/** The configuration for its secrets alone: what else is not set does not matter here. */
function secretsOf(variables: Variables): Config {
  const file = readEnvironment(variables).POSTRIDER_CONFIG
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'warn' })
  if (loaded.kind === 'loaded') return loaded.config
  throw new PostriderError('CONFIG_INVALID', `${file} is not right: npx postrider check tells what.`)
}

function signerOf(config: Config, source: string): Omit<Signer, 'service'> {
  const known = config.sources.get(source)
  if (!known) {
    const names = [...config.sources.keys()].join(', ') || 'none'
    throw new PostriderError(
      'NOT_FOUND',
      `There is no source ${source} in ${config.file}; there are: ${names}`,
    )
  }
  const secret = known.secrets[0]
  if (secret === undefined) {
    const unset = config.warnings.map((warning) => `\n  ${problemLine(warning)}`).join('')
    throw new PostriderError(
      'CONFIG_INVALID',
      `The source ${source} has no secret to sign with. Set it as it is set for the service.${unset}`,
    )
  }
  return { source: known, secret }
}

const Ready = z.object({ sender: z.object({ sendsTo: z.string() }).nullable() })

/** Replayed events reach real customers where the service sends to a real org. */
async function refuseLive(url: string, live: boolean): Promise<void> {
  if (live) return
  const sendsTo = await sendsToOf(url)
  if (sendsTo === 'sandbox') return
  throw new PostriderError(
    'REFUSED',
    sendsTo === null
      ? `The service at ${url} is not ready and does not say where it sends: npx postrider status tells more. To post all the same, even to real customers, add --live.`
      : `The service at ${url} does not send to the sandbox: replayed events would reach real customers. Where that is meant, add --live.`,
  )
}

async function sendsToOf(url: string): Promise<string | null> {
  const asked = fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(10_000) })
  const response = await asked.catch((cause: unknown) => {
    throw new PostriderError(
      'SERVICE_UNREACHABLE',
      `No service answers at ${url}: ${whyOf(cause)}. Start one (npx postrider start --sandbox), or name it with --url.`,
      { cause },
    )
  })
  try {
    return Ready.parse(await response.json()).sender?.sendsTo ?? null
  } catch (cause) {
    throw new PostriderError(
      'SERVICE_UNREACHABLE',
      `What answers at ${url} is not Postrider (${cause instanceof z.ZodError ? `status ${response.status}` : messageOf(cause)}). Name the service with --url.`,
      { cause },
    )
  }
}
