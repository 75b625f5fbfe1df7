import { userInfo } from 'node:os'
import { Argument, type Command, Option } from 'commander'
import { readEnvironment, type Variables } from '../environment.ts'
import { EVENT_STATES, type EventState } from '../event.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { MESSAGE_STATES, type MessageState } from '../message.ts'
import { RESERVED_NAMES } from '../operator.ts'
import type { ActedOn } from '../ops/actions/messages.ts'
import type { By } from '../ops/actions/outcome.ts'
import { addListOptions, duration, filterOf, instant, type ListOptions, wholeNumber } from './filters.ts'
import type { Run } from './output.ts'
import { addReplanCommand } from './replan-command.ts'
import { addRetryCommand } from './retry-command.ts'
import { addRunCommands } from './runs-command.ts'

/** The commands that read the ledger or act on it, beside the service that owns it or alone. */
export function addLedgerCommands(program: Command, run: Run): void {
  const { variables, terminal } = run
  const withLedger = <T>(work: (ledger: Ledger) => Promise<T>) => withLedgerOf(variables, work)

  program
    .command('status')
    .description('what happens now, and what needs a person (exit code 1)')
    .addOption(
      new Option('--since <time>', 'how far back failures count')
        .argParser(instant)
        .default(undefined, '24h'),
    )
    .option('--json', 'one object')
    .action(async (options: { since?: number; json?: boolean }) => {
      const { expectedIn, status } = await import('./status.ts')
      const { serviceRuns } = await import('./runs.ts')
      const since = options.since ?? instant('24h')
      const asked = {
        since,
        expected: expectedIn(variables),
        json: options.json === true,
      }
      const well = await withLedger(async (ledger) =>
        status(ledger, { ...asked, serviceRuns: await serviceRuns(ledger, variables) }, terminal),
      )
      run.exitCode = well ? 0 : 1
    })

  const events = program.command('events').description('what sources said happened')
  addListOptions(events.command('list').description('newest first'), EVENT_STATES).action(
    async (options: ListOptions<EventState>) => {
      const { listEvents } = await import('./events.ts')
      const filter = filterOf(options)
      await withLedger((ledger) => listEvents(ledger, filter, options.json === true, terminal))
    },
  )
  events
    .command('show')
    .addArgument(idOf('event'))
    .description('one event with its body, its routes and its messages')
    .option('--json', 'one object')
    .action(async (id: number, options: { json?: boolean }) => {
      const { showEvent } = await import('./events.ts')
      await withLedger((ledger) => showEvent(ledger, id, options.json === true, terminal))
    })
  addReplanCommand(events, run, withLedger)

  const messages = program.command('messages').description('what routes want said')
  addListOptions(messages.command('list').description('newest first'), MESSAGE_STATES).action(
    async (options: ListOptions<MessageState>) => {
      const { listMessages } = await import('./messages.ts')
      const filter = filterOf(options)
      await withLedger((ledger) => listMessages(ledger, filter, options.json === true, terminal))
    },
  )
  messages
    .command('show')
    .addArgument(idOf('message'))
    .description('one message with its attempts and its text')
    .option('--json', 'one object')
    .action(async (id: number, options: { json?: boolean }) => {
      const { showMessage } = await import('./messages.ts')
      await withLedger((ledger) => showMessage(ledger, id, options.json === true, terminal))
    })
  addRetryCommand(messages, run, withLedger)
  acting('cancel', 'cancel a scheduled message').action(async (id: number, options: ActOptions) => {
    const { cancelMessage } = await import('../ops/actions/messages.ts')
    await act(options, 'cancelled', (ledger, by, reason) => cancelMessage({ ledger }, by, { id, reason }))
  })
  acting('settle', 'say what became of an unconfirmed message')
    .addOption(
      new Option('--as <outcome>', 'what Genesys Cloud shows')
        .choices(['sent', 'not-sent'])
        .makeOptionMandatory(),
    )
    .action(async (id: number, options: ActOptions & { as: 'sent' | 'not-sent' }) => {
      const { settleMessage } = await import('../ops/actions/messages.ts')
      await act(options, 'settled', (ledger, by, reason) =>
        settleMessage({ ledger }, by, { id, as: options.as, reason }),
      )
    })

  addRunCommands(program, run, withLedger)

  program
    .command('pause [scope] [name]')
    .description('stop all sending, or `route NAME`, `source NAME`, `channel NAME`; receiving goes on')
    .option('--reason <text>', 'why', 'by hand')
    .option('--for <duration>', 'ends by itself, such as 2h', duration)
    .option('--by <name>', 'the operator', operator())
    .option('--json', 'one object')
    .action(async (scope: string | undefined, name: string | undefined, options) => {
      const { pauseSending, targetOf } = await import('./pauses.ts')
      const target = targetOf(scope, name)
      const request = { reason: options.reason, forMs: options.for ?? null, by: options.by }
      await withLedger((ledger) =>
        pauseSending(ledger, target, request, variables, options.json === true, terminal),
      )
    })
  program
    .command('resume [scope] [name]')
    .description('end the pause of all sending, or of `route NAME`, `source NAME`, `channel NAME`')
    .option('--by <name>', 'the operator', operator())
    .option('--json', 'one array of objects')
    .action(async (scope: string | undefined, name: string | undefined, options) => {
      const { resumeSending, targetOf } = await import('./pauses.ts')
      const target = targetOf(scope, name)
      await withLedger((ledger) => resumeSending(ledger, target, options.by, options.json === true, terminal))
    })

  type ActOptions = { by: string; reason?: string; json?: boolean }

  function acting(name: string, description: string): Command {
    return messages
      .command(name)
      .addArgument(idOf('message'))
      .description(description)
      .option('--reason <text>', 'why')
      .option('--by <name>', 'the operator', operator())
      .option('--json', 'the message as one object')
  }

  async function act(
    options: ActOptions,
    did: string,
    action: (ledger: Ledger, by: By, reason: string | null) => Promise<ActedOn>,
  ): Promise<void> {
    const { reportActed } = await import('./messages.ts')
    await withLedger(async (ledger) => {
      const acted = await action(ledger, { by: options.by }, options.reason ?? null)
      reportActed(acted, did, options.json === true, terminal)
    })
  }
}

/** Opens the ledger for one command, and closes it after. */
export async function withLedgerOf<T>(
  variables: Variables,
  work: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  const { openForCommand } = await import('./ledger.ts')
  const ledger = await openForCommand(readEnvironment(variables))
  try {
    return await work(ledger)
  } finally {
    await ledger.close()
  }
}

function idOf(what: string): Argument {
  return new Argument('<id>', `the number of the ${what}`).argParser(wholeNumber)
}

/** Whoever is logged in at this terminal; containers run under ids without a name. */
export function operator(): string {
  try {
    const { username } = userInfo()
    // What a service is often run as is what it calls itself, and it leaves no line in the trail.
    return RESERVED_NAMES.includes(username) ? `user ${username}` : username
  } catch {
    return 'operator'
  }
}
