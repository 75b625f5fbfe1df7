import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemClock } from '../clock.ts'
import { readFixture } from '../config/fixtures.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import type { Event } from '../event.ts'
import { openLedger } from '../ledger/open.ts'
import { createLog, silentLog } from '../log.ts'
import { type Service, startService } from '../main.ts'
import type { Message } from '../message.ts'
import { coloured, print, printTable, type Terminal } from './output.ts'
import { post, type SignedDelivery, sign, tampered } from './replay.ts'
import { stopped } from './start.ts'

const ROOT = join(import.meta.dirname, '../..')
const DEMO_LEDGER = 'sqlite:data/demo.db'
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
export async function demo(variables: Variables, terminal: Terminal): Promise<void> {
  const demoVariables: Variables = {
    ...variables,
    POSTRIDER_CONFIG: join(ROOT, 'examples/demo/postrider.yaml'),
    DATABASE_URL: DEMO_LEDGER,
  }
  const environment = readEnvironment(demoVariables)
  const log = createLog({
    level: variables.LOG_LEVEL ? environment.LOG_LEVEL : 'error',
    pretty: terminal.err.isTTY === true,
    stream: terminal.err,
  })
  await freshLedger()
  const options = { environment, variables: demoVariables, log, sandbox: true, sandboxPort: 4010 }
  const service = await startService(options).catch((error: unknown) => {
    if (!(error instanceof PostriderError) || error.code !== 'PORT_IN_USE') throw error
    return startService({ ...options, environment: { ...environment, PORT: 0 }, sandboxPort: 0 })
  })
  print(
    terminal,
    `Postrider ${service.url} sends to the sandbox ${service.sandboxUrl}; nothing leaves this machine.\n`,
  )
  const replayed = await replayAll(service)
  print(terminal, 'The example events were signed and posted. What is due now is being sent …\n')
  const outcome = await settled(service)
  printOutcome(service, replayed, outcome, terminal)
  await stopped(service, log)
}

/** The demo begins anew each time: its fixtures name the same carts and tickets. Refuses while another demo runs. */
async function freshLedger(): Promise<void> {
  const file = DEMO_LEDGER.replace('sqlite:', '')
  mkdirSync(dirname(file), { recursive: true })
  const ledger = await openLedger({ url: DEMO_LEDGER, clock: systemClock, log: silentLog, owner: true })
  await ledger.close()
  for (const name of readdirSync(dirname(file))) {
    if (name.startsWith('demo.db')) rmSync(join(dirname(file), name))
  }
}

type Delivered = { fixture: string; webhookId: string; status: number; answer: string }

async function replayAll(service: Service): Promise<Delivered[]> {
  const deliveries: { fixture: string; source: string; signed: SignedDelivery }[] = []
  for (const name of ORDER) {
    const read = readFixture(join(ROOT, 'fixtures/crm', `${name}.json`))
    if (read.kind === 'invalid') throw new PostriderError('CONFIG_INVALID', `${name}: ${read.reason}`)
    const { fixture } = read
    const secret = service.config.sources.get(fixture.source)?.secrets[0] ?? ''
    const signed = sign(fixture, secret, { skewMs: 0, fresh: false })
    deliveries.push({ fixture: name, source: fixture.source, signed })
    if (name === 'ticket-resolved') {
      deliveries.push({ fixture: 'the same delivery again', source: fixture.source, signed })
      deliveries.push({
        fixture: 'changed on the way',
        source: fixture.source,
        signed: tampered(signed, 'body'),
      })
    }
  }
  const delivered: Delivered[] = []
  for (const { fixture, source, signed } of deliveries) {
    const { status, answer } = await post(`${service.url}/webhooks/${source}`, signed)
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
  const rows = delivered.flatMap(({ fixture, webhookId, status, answer }) => {
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
      colouredState(terminal, message.state),
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
  print(terminal, '')
  print(terminal, `What the customers see   ${service.sandboxUrl}/`)
  print(terminal, 'One message              DATABASE_URL=sqlite:data/demo.db npx postrider messages show 1')
  print(terminal, 'What needs a person      DATABASE_URL=sqlite:data/demo.db npx postrider status')
  print(
    terminal,
    `Another event            POSTRIDER_CONFIG=examples/demo/postrider.yaml npx postrider replay fixtures/crm/order-placed.json --url ${service.url} --times 2`,
  )
  print(terminal, '\nIt goes on running; Ctrl-C stops it.')
}

function colouredState(terminal: Terminal, state: Message['state']): string {
  return coloured(terminal, state === 'sent' ? 'green' : state === 'failed' ? 'red' : 'yellow', state)
}
