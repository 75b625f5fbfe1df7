import { Argument, type Command, Option } from 'commander'
import { PostriderError } from '../errors.ts'
import { EVENT_STATES, type EventState } from '../event.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { instant, type ListOptions, positiveNumber, wholeNumbers } from './filters.ts'
import { operator } from './ledger-commands.ts'
import type { Run } from './output.ts'

/** As commander parsed them. */
export type ReplanOptions = Partial<ListOptions<EventState>> & { by: string; yes?: boolean }

/** Plans events again, some by their numbers or all that a filter selects. */
export function addReplanCommand(
  events: Command,
  run: Run,
  withLedger: <T>(work: (ledger: Ledger) => Promise<T>) => Promise<T>,
): void {
  const { variables, terminal } = run
  events
    .command('replan')
    .addArgument(new Argument('[id...]', 'numbers of events; or else a filter').argParser(wholeNumbers))
    .description('plan again under the present configuration; adds the messages that are missing')
    .addOption(new Option('--state <state>', 'only those in this state').choices(EVENT_STATES))
    .option('--source <name>', 'only from this source')
    .option('--type <type>', 'an event type; * matches any characters')
    .option('--reason <text>', 'a part of their reason’s words')
    .option('--since <time>', 'received since an ISO time, a time of today, or how long ago', instant)
    .option('--until <time>', 'likewise', instant)
    .option('--limit <n>', 'at most so many, oldest first', positiveNumber)
    .option('--yes', 'do not ask')
    .option('--by <name>', 'the operator', operator())
    .option('--json', 'one array of objects')
    .action(async (ids: readonly number[] | undefined, options: ReplanOptions) => {
      const numbers = ids ?? []
      assertWhich(numbers, options)
      const { replanEvents } = await import('./events.ts')
      const { replanMany } = await import('./replan-many.ts')
      const planned = await withLedger((ledger) =>
        numbers.length > 0
          ? replanEvents(ledger, variables, numbers, options.by, options.json === true, terminal)
          : replanMany(ledger, variables, options, terminal, process.stdin),
      )
      run.exitCode = planned ? 0 : 1
    })
}

const FILTERS = ['state', 'source', 'type', 'reason', 'since', 'until'] as const

/** Throws USAGE where neither events nor a filter are named, or both. */
function assertWhich(ids: readonly number[], options: ReplanOptions): void {
  const filtered = FILTERS.some((name) => options[name] !== undefined)
  if (filtered === ids.length > 0 || (ids.length > 0 && options.limit !== undefined)) {
    throw new PostriderError(
      'USAGE',
      'Say which: events by their numbers, or else all that --state, --source, --type, --reason, --since or --until select.',
    )
  }
}
