import { rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { systemClock } from '../clock.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import type { Event } from '../event.ts'
import { openLedger } from '../ledger/open.ts'
import { createLog, silentLog } from '../log.ts'
import { type Service, startService } from '../main.ts'
import type { Message } from '../message.ts'
import { assertSandboxAllowed } from '../sandbox/sandbox.ts'
import { fixtureOf, post } from './deliveries.ts'
import { type Cell, print, printTable, type Terminal } from './output.ts'
import { type SignedDelivery, sign, tampered } from './sign-delivery.ts'
import { secretsIn, stopped, stopSignal } from './start.ts'

const ROOT = join(import.meta.dirname, '../..')
const CONFIG = join(ROOT, 'examples/demo/postrider.yaml')
const DEMO_FILE = 'data/demo.db'
const DEMO_LEDGER = `sqlite:${DEMO_FILE}`
/** The order tells a story: what goes out, what does not, what is refused. */
const ORDER = [
  'ticket-resolved',
  'cart-abandoned',
  'order-placed',
  'appointment-reminder',
  'unknown-type',
  'unknown-customer',
  'malformed',
]
/** The demo's longest delay is 5 s; this is long enough for a slow machine. */
const PATIENCE_MS = 60_000

/** Runs the service against the sandbox, replays the example events over HTTP, shows what became of each, and goes on running. */
export async function demo(variables: Variables, asked: boolean, terminal: Terminal): Promise<void> {
  // The org of a real configuration has no part in this, nor what is wrong with it.
  const { PORT, HOST, LOG_LEVEL, NODE_ENV } = variables
  const demoVariables: Variables = {
    PORT,
    HOST,
    LOG_LEVEL: LOG_LEVEL || 'error',
    NODE_ENV,
    POSTRIDER_CONFIG: CONFIG,
    DATABASE_URL: DEMO_LEDGER,
  }
  const environment = readEnvironment(demoVariables)
  assertSandboxAllowed({ nodeEnv: environment.NODE_ENV, asked })
  const log = createLog({
    level: environment.LOG_LEVEL,
    pretty: terminal.err.isTTY === true,
    stream: terminal.err,
    secrets: secretsIn(environment, demoVariables),
  })
  using stopping = stopSignal()
  await freshLedger()
  const options = { environment, variables: demoVariables, log, sandbox: true, sandboxPort: 4010 }
  const service = await startService(options).catch((error: unknown) => {
    if (!(error instanceof PostriderError) || error.code !== 'PORT_IN_USE') throw error
    print(terminal, `Port ${environment.PORT} or 4010 is in use by another program; free ones serve as well.`)
    return startService({ ...options, environment: { ...environment, PORT: 0 }, sandboxPort: 0 })
  })
  print(
    terminal,
    `Postrider ${service.url} sends to the sandbox ${service.sandboxUrl}; nothing leaves this machine.`,
  )
  const replayed = await replayAll(service)
  print(terminal, 'The example events were signed and posted. What is due now is being sent …')
  print(terminal, '')
  const outcome = await Promise.race([settled(service), stopping.first])
  if (typeof outcome !== 'string') printOutcome(service, replayed, outcome, terminal)
  await stopped(service, stopping, log)
}

/** The demo begins anew each time: its fixtures name the same carts and tickets. Throws LEDGER_IN_USE while another demo runs here. */
async function freshLedger(): Promise<void> {
  try {
    const ledger = await openLedger({ url: DEMO_LEDGER, clock: systemClock, log: silentLog, owner: true })
    await ledger.close()
  } catch (error) {
    if (error instanceof PostriderError && error.code === 'LEDGER_IN_USE') {
      const message = `Another demo runs in this folder: it has ${DEMO_FILE}. Stop it first, with Ctrl-C where it runs.`
      throw new PostriderError('LEDGER_IN_USE', message, { cause: error })
    }
    // Whatever else is wrong with it: it goes.
  }
  // Its lock stays: removing that would let two demos own one ledger.
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${DEMO_FILE}${suffix}`, { force: true })
}

type Delivered = { fixture: string; webhookId: string; status: number; answer: string }

async function replayAll(service: Service): Promise<Delivered[]> {
  const deliveries: { fixture: string; signed: SignedDelivery }[] = []
  for (const name of ORDER) {
    const fixture = fixtureOf(join(ROOT, 'fixtures/crm', `${name}.json`))
    const source = service.config.sources.get(fixture.source)
    if (!source) throw new Error(`the demo has no source ${fixture.source}`)
    const signer = { source, secret: source.secrets[0] ?? '', service: service.url }
    const signed = sign(fixture, signer, { skewMs: 0, fresh: false })
    deliveries.push({ fixture: name, signed })
    if (name === 'ticket-resolved') {
      deliveries.push({ fixture: 'the same delivery again', signed })
      deliveries.push({
        fixture: 'changed on the way',
        signed: tampered(signed, signer, 'body'),
      })
    }
  }
  const delivered: Delivered[] = []
  for (const { fixture, signed } of deliveries) {
    const { status, answer } = await post(signed)
    delivered.push({ fixture, webhookId: signed.webhookId, status, answer })
  }
  return delivered
}

type Outcome = { events: readonly Event[]; messages: readonly Message[] }

/** Waits until nothing is on its way or due soon. */
async function settled({ ledger }: Service): Promise<Outcome> {
  const patience = Date.now() + PATIENCE_MS
  for (;;) {
    const messages = await ledger.reads.messages({ limit: 100 })
    const moving = messages.some(
      ({ state, dueAt }) => state === 'sending' || (state === 'scheduled' && dueAt < patience),
    )
    if (!moving || Date.now() > patience)
      return { events: await ledger.reads.events({ limit: 100 }), messages }
    await systemClock.sleep(100)
  }
}

function printOutcome(
  service: Service,
  delivered: readonly Delivered[],
  outcome: Outcome,
  terminal: Terminal,
): void {
  const shown = new Set<number>()
  const rows = delivered.flatMap(({ fixture, webhookId, status, answer }): Cell[][] => {
    const event = outcome.events.find((one) => one.key === webhookId)
    if (status !== 200) return [[fixture, status, 'refused', '', '', '', answer]]
    if (!event) return [[fixture, status, '', '', '', '', '']]
    if (shown.has(event.id))
      return [[fixture, status, 'known', '', '', '', `event ${event.id} already; nothing new`]]
    shown.add(event.id)
    const messages = outcome.messages.filter((message) => message.eventId === event.id)
    if (messages.length === 0) return [[fixture, status, event.state, '', '', '', event.reason ?? '']]
    return messages.map((message) => [
      fixture,
      status,
      event.state,
      message.route,
      stateCell(message.state),
      message.state === 'sent' ? message.channel : '',
      message.reason ?? '',
    ])
  })
  printTable(
    terminal,
    ['DELIVERY', 'ANSWER', 'EVENT', 'ROUTE', 'MESSAGE', 'CHANNEL', 'REASON'],
    rows,
    'Nothing happened.',
  )
  const config = relative(process.cwd(), CONFIG)
  const fixture = relative(process.cwd(), join(ROOT, 'fixtures/crm/order-placed.json'))
  print(terminal, '')
  print(terminal, `What the customers see   ${service.sandboxUrl}/`)
  print(terminal, `One message              DATABASE_URL=${DEMO_LEDGER} npx postrider messages show 1`)
  print(terminal, `What needs a person      DATABASE_URL=${DEMO_LEDGER} npx postrider status`)
  print(
    terminal,
    `The console              ${service.consoleUrl} after DATABASE_URL=${DEMO_LEDGER} npx postrider operators add me --role admin --generate`,
  )
  print(
    terminal,
    `Another event            POSTRIDER_CONFIG=${config} npx postrider replay ${fixture} --url ${service.url} --times 2`,
  )
  print(terminal, '')
  print(terminal, 'It goes on running; Ctrl-C stops it.')
}

function stateCell(state: Message['state']): Cell {
  return { text: state, colour: state === 'sent' ? 'green' : state === 'failed' ? 'red' : 'yellow' }
}
