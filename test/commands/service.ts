import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { readEnvironment, type Variables } from '../../src/environment.ts'
import { type Service, startService } from '../../src/main.ts'
import type { Message } from '../../src/message.ts'
import { HELD } from '../contract/held.ts'
import { ROOT } from '../run-postrider.ts'
import { testLog } from '../test-log.ts'
import { command, DEMO_CONFIG, FIXTURES, type Folder, jsonOf, type Said, temporaryFolder } from './run.ts'

/** Asking without a rest would take the processor from those who send. */
const POLL_MS = 10

export type DemoService = {
  service: Service
  /** What a command beside it must be given. */
  variables: Variables
  fault(fault: object): Promise<void>
  /** Resolves with the messages when nothing is being sent or due. */
  settled(): Promise<readonly Message[]>
}

/**
 * The demo's configuration with a budget that a test need not wait for, sending to a sandbox of its own, in this process. `sources`: a line of further
 * sources.
 */
export async function startDemoService(
  folder: Folder,
  { sources = '' }: { sources?: string } = {},
): Promise<DemoService> {
  cpSync(join(ROOT, 'examples/demo/templates'), join(folder.path, 'templates'), { recursive: true })
  const text = readFileSync(DEMO_CONFIG, 'utf8')
    .replace('genesys:', 'genesys:\n  rateLimitPerMinute: 3000')
    .replace('sources:', `sources:\n  ${sources}`)
  const variables = {
    POSTRIDER_CONFIG: folder.write('postrider.yaml', text.replace('delay: 5s', 'delay: 1h')),
    DATABASE_URL: `sqlite:${join(folder.path, 'postrider.db')}`,
    PORT: '0',
  }
  const environment = readEnvironment(variables)
  const service = await startService({
    environment,
    variables,
    log: testLog(),
    sandbox: true,
    sandboxPort: 0,
    sandboxOptions: HELD,
  })
  return {
    service,
    variables,
    async fault(fault) {
      const response = await fetch(`${service.sandboxUrl}/sandbox/faults`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(fault),
      })
      if (!response.ok) throw new Error(await response.text())
    },
    async settled() {
      for (;;) {
        const messages = await service.ledger.reads.messages({ limit: 1000 })
        const moving = messages.some(
          ({ state, dueAt }) => state === 'sending' || (state === 'scheduled' && dueAt <= Date.now()),
        )
        if (!moving) return messages
        await systemClock.sleep(POLL_MS)
      }
    },
  }
}

export type MessageJson = Record<string, unknown> & {
  id: number
  state: string
  route: string
  eventId: number
  reason: string
}
export type EventJson = Record<string, unknown> & { id: number; state: string; type: string }

/** The commands beside a service that has received the examples, as an operator types them. */
export function beside(demo: () => DemoService) {
  const run = (...args: string[]): Promise<Said> => command(args, demo().variables)
  const list = async (...args: string[]) =>
    jsonOf<MessageJson[]>(await run('messages', 'list', '--json', ...args))
  return {
    run,
    list,
    events: async (...args: string[]) => jsonOf<EventJson[]>(await run('events', 'list', '--json', ...args)),
    /** The newest message of a route. */
    async one(route: string): Promise<MessageJson> {
      const [message] = await list('--route', route, '--limit', '1')
      if (!message) throw new Error(`the route ${route} has no message`)
      return message
    },
    async replay(fixture: string, ...args: string[]): Promise<void> {
      const said = await run(
        'replay',
        join(FIXTURES, `${fixture}.json`),
        '--url',
        demo().service.url,
        ...args,
      )
      if (said.code !== 0) throw new Error(said.err)
    },
  }
}

export const EXAMPLES = [
  'ticket-resolved',
  'cart-abandoned',
  'order-placed',
  'unknown-customer',
  'unknown-type',
  'malformed',
] as const

/** A running demo service for one suite (`options`: as for it), its examples delivered and settled; the commands beside it, and the folder of its ledger. */
export function withDemoService(options: { sources?: string } = {}) {
  const folder = temporaryFolder()
  let demo: DemoService
  const commands = beside(() => demo)
  before(async () => {
    demo = await startDemoService(folder, options)
    for (const name of EXAMPLES) await commands.replay(name)
    await demo.settled()
  })
  after(async () => {
    await demo.service.stop()
    folder[Symbol.dispose]()
  })
  return { ...commands, folder, demo: () => demo }
}
