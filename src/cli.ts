import { userInfo } from 'node:os'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import {
  addCustomerOptions,
  addListOptions,
  eventFilter,
  instant,
  type ListOptions,
  messageFilter,
  wholeNumber,
} from './commands/filters.ts'
import type { Terminal } from './commands/output.ts'
import { parseDuration } from './config/duration.ts'
import { processEnvironment, readEnvironment, type Variables } from './environment.ts'
import { messageOf, PostriderError } from './errors.ts'
import { EVENT_STATES } from './event.ts'
import type { Ledger } from './ledger/ledger.ts'
import { MESSAGE_STATES, type PauseScope } from './message.ts'

/**
 * Runs one command. Answers the exit code: 0 ok, 1 failed, 2 the words of the command were off. Each command imports what it needs when it runs:
 * the SDK alone is 25 MB of source.
 */
export async function main(
  argv: readonly string[],
  terminal: Terminal = { out: process.stdout, err: process.stderr },
): Promise<number> {
  try {
    const variables = processEnvironment()
    const outcome = { exitCode: 0 }
    await program(variables, terminal, outcome).parseAsync([...argv])
    return outcome.exitCode
  } catch (error) {
    if (error instanceof InvalidArgumentError) {
      terminal.err.write(`${error.message}\n`)
      return 2
    }
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (error instanceof PostriderError) {
      terminal.err.write(`${error.message}\n`)
      return error.code === 'USAGE' ? 2 : 1
    }
    terminal.err.write(
      `Something unforeseen went wrong; please report it: ${error instanceof Error ? error.stack : messageOf(error)}\n`,
    )
    return 1
  }
}

function program(variables: Variables, terminal: Terminal, outcome: { exitCode: number }): Command {
  const program = new Command('postrider')
    .description('Signed CRM webhooks in, proactive Genesys Cloud messages out, each once.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.out.write(text),
      writeErr: (text) => void terminal.err.write(text),
    })
    .showHelpAfterError('(--help tells more)')

  program
    .command('start')
    .description('run the service')
    .option('--sandbox', 'send to a stand-in for Genesys Cloud in this process, with a ledger of its own')
    .addOption(
      new Option('--sandbox-port <port>', 'port of the sandbox’s page and API')
        .default(4010)
        .argParser(wholeNumber),
    )
    .action(async (options: { sandbox?: boolean; sandboxPort: number }) => {
      const { start } = await import('./commands/start.ts')
      await start(
        variables,
        { sandbox: options.sandbox === true, sandboxPort: options.sandboxPort },
        terminal,
      )
    })

  program
    .command('sandbox')
    .description('run only the stand-in for Genesys Cloud')
    .option('--sandbox', 'allow it under NODE_ENV=production')
    .addOption(new Option('--port <port>').default(4010).argParser(wholeNumber))
    .action(async (options: { sandbox?: boolean; port: number }) => {
      const { runSandbox } = await import('./commands/sandbox.ts')
      await runSandbox(variables, { asked: options.sandbox === true, port: options.port }, terminal)
    })

  program
    .command('demo', { hidden: true })
    .description('run the service with the sandbox and replay the example events')
    .action(async () => {
      const { demo } = await import('./commands/demo.ts')
      await demo(variables, terminal)
    })

  program
    .command('check')
    .description('check the configuration, its templates and fixtures; needs no secret and no network')
    .option('--config <file>', 'instead of POSTRIDER_CONFIG')
    .option('--fixtures <folder>', 'fixtures to plan and render', 'fixtures')
    .option('--json', 'the problems, routes and fixtures as one object')
    .action(async (options: { config?: string; fixtures: string; json?: boolean }) => {
      const { check } = await import('./commands/check.ts')
      outcome.exitCode = (await check(variables, options, terminal)) ? 0 : 1
    })

  program
    .command('preview <route>')
    .description('show what a route would say, and to whom, for a fixture or an event of the ledger')
    .option('--fixture <file>')
    .option('--event <id>', 'an event of the ledger', wholeNumber)
    .option('--locale <locale>', 'instead of the customer’s')
    .option('--channel <channel>', 'instead of the route’s first')
    .option('--json')
    .action(
      async (
        route: string,
        options: { fixture?: string; event?: number; locale?: string; channel?: string; json?: boolean },
      ) => {
        const { preview } = await import('./commands/preview.ts')
        outcome.exitCode = (await preview(variables, route, options, terminal)) ? 0 : 1
      },
    )

  program
    .command('doctor')
    .description('ask Genesys Cloud whether everything is in place; sends nothing')
    .option('--json')
    .action(async (options: { json?: boolean }) => {
      const { doctor } = await import('./commands/doctor.ts')
      outcome.exitCode = (await doctor(variables, options.json === true, terminal)) ? 0 : 1
    })

  program
    .command('status')
    .description('what happens now, and what needs a person (exit code 1)')
    .option('--since <time>', 'how far back failures count', '24h')
    .option('--json')
    .action(async (options: { since: string; json?: boolean }) => {
      const { status } = await import('./commands/status.ts')
      const since = instant(options.since, Date.now())
      outcome.exitCode = (await withLedger((ledger) =>
        status(ledger, since, options.json === true, terminal),
      ))
        ? 0
        : 1
    })

  program
    .command('replay <file...>')
    .description('sign fixtures and post them to a running service')
    .option('--url <url>', 'of the service', 'http://127.0.0.1:3000')
    .option('--source <name>', 'instead of the fixture’s own')
    .option('--times <n>', 'post each this often, each time as a new event', wholeNumber, 1)
    .option('--duplicate', 'post everything twice, the same event again')
    .option('--skew <duration>', 'sign as if the clock were this far off, such as -10m', '0s')
    .addOption(
      new Option('--tamper <part>', 'change it after signing').choices(['body', 'signature', 'header']),
    )
    .option('--live', 'also to a service that sends to a real org')
    .option('--json')
    .action(async (files: string[], options) => {
      const { replay } = await import('./commands/replay.ts')
      outcome.exitCode = (await replay(variables, files, options, terminal)) ? 0 : 1
    })

  const events = program.command('events').description('what sources said happened')
  addListOptions(events.command('list').description('newest first'), EVENT_STATES).action(
    async (options: ListOptions) => {
      const { listEvents } = await import('./commands/events.ts')
      const filter = eventFilter(options, Date.now())
      await withLedger((ledger) => listEvents(ledger, filter, options.json === true, terminal))
    },
  )
  events
    .command('show <id>')
    .description('one event with its body, its routes and its messages')
    .option('--json')
    .action(async (id: string, options: { json?: boolean }) => {
      const { showEvent } = await import('./commands/events.ts')
      const eventId = wholeNumber(id)
      await withLedger((ledger) => showEvent(ledger, eventId, options.json === true, terminal))
    })
  events
    .command('replan <id...>')
    .description('plan again under the present configuration; adds the messages that are missing')
    .option('--json')
    .action(async (ids: string[], options: { json?: boolean }) => {
      const { replanEvents } = await import('./commands/events.ts')
      const eventIds = ids.map(wholeNumber)
      const planned = await withLedger((ledger) =>
        replanEvents(ledger, variables, eventIds, options.json === true, terminal),
      )
      outcome.exitCode = planned ? 0 : 1
    })

  const messages = program.command('messages').description('what routes want said')
  addCustomerOptions(
    addListOptions(messages.command('list').description('newest first'), MESSAGE_STATES),
  ).action(async (options: ListOptions) => {
    const { listMessages } = await import('./commands/messages.ts')
    const filter = messageFilter(options, Date.now())
    await withLedger((ledger) => listMessages(ledger, filter, options.json === true, terminal))
  })
  messages
    .command('show <id>')
    .description('one message with its attempts and its text')
    .option('--json')
    .action(async (id: string, options: { json?: boolean }) => {
      const { showMessage } = await import('./commands/messages.ts')
      const messageId = wholeNumber(id)
      await withLedger((ledger) => showMessage(ledger, messageId, options.json === true, terminal))
    })
  acting(
    messages
      .command('retry <id>')
      .description('re-trigger a failed, skipped, cancelled or unconfirmed message'),
  )
    .option('--force', 'also one that was sent; needs --reason')
    .action(async (id: string, options: ActOptions & { force?: boolean }) => {
      await act(id, options, 're-triggered', (ledger, messageId, request) =>
        ledger.retry(messageId, { ...request, force: options.force === true }),
      )
    })
  acting(messages.command('cancel <id>').description('cancel a scheduled message')).action(
    async (id: string, options: ActOptions) => {
      await act(id, options, 'cancelled', (ledger, messageId, request) => ledger.cancel(messageId, request))
    },
  )
  acting(messages.command('settle <id>').description('say what became of an unconfirmed message'))
    .addOption(
      new Option('--as <outcome>', 'what Genesys Cloud shows')
        .choices(['sent', 'not-sent'])
        .makeOptionMandatory(),
    )
    .action(async (id: string, options: ActOptions & { as: 'sent' | 'not-sent' }) => {
      await act(id, options, 'settled', (ledger, messageId, request) =>
        ledger.settleByHand(messageId, { ...request, as: options.as }),
      )
    })

  program
    .command('pause [scope] [name]')
    .description('stop all sending, or `route NAME`, `source NAME`, `channel NAME`; receiving goes on')
    .option('--reason <text>', 'why', 'by hand')
    .option('--for <duration>', 'ends by itself, such as 2h')
    .option('--by <name>', 'the operator', operator())
    .option('--json')
    .action(async (scope: string | undefined, name: string | undefined, options) => {
      const { pauseSending } = await import('./commands/pauses.ts')
      const target = pauseTarget(scope, name)
      const forMs = options.for === undefined ? null : duration(options.for)
      await withLedger((ledger) =>
        pauseSending(
          ledger,
          target,
          { reason: options.reason, forMs, by: options.by },
          options.json === true,
          terminal,
        ),
      )
    })
  program
    .command('resume [scope] [name]')
    .description('end the pause of all sending, or of `route NAME`, `source NAME`, `channel NAME`')
    .option('--by <name>', 'the operator', operator())
    .option('--json')
    .action(async (scope: string | undefined, name: string | undefined, options) => {
      const { resumeSending } = await import('./commands/pauses.ts')
      const target = pauseTarget(scope, name)
      await withLedger((ledger) => resumeSending(ledger, target, options.by, options.json === true, terminal))
    })

  type ActOptions = { by: string; reason?: string; json?: boolean }

  function acting(command: Command): Command {
    return command
      .option('--reason <text>', 'why')
      .option('--by <name>', 'the operator', operator())
      .option('--json')
  }

  async function act(
    id: string,
    options: ActOptions,
    did: string,
    action: (
      ledger: Ledger,
      messageId: number,
      request: { by: string; reason: string | null },
    ) => ReturnType<Ledger['cancel']>,
  ): Promise<void> {
    const { reportActed } = await import('./commands/messages.ts')
    const messageId = wholeNumber(id)
    await withLedger(async (ledger) => {
      const acted = await action(ledger, messageId, { by: options.by, reason: options.reason ?? null })
      reportActed(acted, did, options.json === true, terminal)
    })
  }

  /** Opens the ledger beside the service that owns it, or alone, for one command. */
  async function withLedger<T>(work: (ledger: Ledger) => Promise<T>): Promise<T> {
    const { openForCommand } = await import('./commands/ledger.ts')
    const ledger = await openForCommand(readEnvironment(variables))
    try {
      return await work(ledger)
    } finally {
      await ledger.close()
    }
  }

  return program
}

function pauseTarget(scope = 'all', name?: string): { scope: PauseScope; name: string | null } {
  if (scope === 'all' && name === undefined) return { scope, name: null }
  if ((scope === 'route' || scope === 'source' || scope === 'channel') && name !== undefined)
    return { scope, name }
  throw new PostriderError(
    'USAGE',
    'Say what: nothing or `all`, or `route NAME`, `source NAME`, `channel NAME`.',
  )
}

function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms === null) throw new InvalidArgumentError(`expected a duration such as 30m; got ${text}`)
  return ms
}

/** Whoever is logged in at this terminal; containers run under ids without a name. */
function operator(): string {
  try {
    return userInfo().username
  } catch {
    return 'operator'
  }
}
