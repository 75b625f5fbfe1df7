import { Argument, type Command, Option } from 'commander'
import { PostriderError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { MESSAGE_STATES, type MessageState } from '../message.ts'
import { instant, type ListOptions, positiveNumber, wholeNumber } from './filters.ts'
import { operator } from './ledger-commands.ts'
import type { Run } from './output.ts'

/** As commander parsed them. `reason` is why, of one message; of many it is what they are chosen by, and `because` is why. */
export type RetryOptions = Partial<ListOptions<MessageState>> & {
  force?: boolean
  late?: boolean
  because?: string
  by: string
  plan?: boolean
  yes?: boolean
}

/** Re-triggers one message, or all that a filter selects. */
export function addRetryCommand(
  messages: Command,
  run: Run,
  withLedger: <T>(work: (ledger: Ledger) => Promise<T>) => Promise<T>,
): void {
  messages
    .command('retry')
    .addArgument(new Argument('[id]', 'the number of the message; or else a filter').argParser(wholeNumber))
    .description(
      're-trigger a failed, skipped, cancelled or unconfirmed message, or all that a filter selects',
    )
    .addOption(new Option('--state <state>', 'only those in this state').choices(MESSAGE_STATES))
    .option('--route <name>', 'only of this route')
    .option('--source <name>', 'only from this source')
    .option('--type <type>', 'an event type; * matches any characters')
    .option('--reason <text>', 'of one message: why; of many: a reason’s code, or a part of its words')
    .option('--since <time>', 'created since an ISO time, a time of today, or how long ago', instant)
    .option('--until <time>', 'likewise', instant)
    .option('--limit <n>', 'at most so many, oldest first', positiveNumber)
    .option('--external-id <id>', 'the customer’s id in the source')
    .option('--email <address>', 'the customer’s address, as the event named it')
    .option('--phone <number>', 'the customer’s number, as the event named it')
    .option(
      '--force',
      'also those that were sent, and of many those that are unconfirmed; needs the reason why',
    )
    .option('--late', 'of many: also those whose time (expireAfter) is over; it begins anew')
    .option('--because <text>', 'why')
    .option('--by <name>', 'the operator', operator())
    .option('--plan', 'only show what would become of them')
    .option('--yes', 'do not ask')
    .option('--json', 'of one, the message; of many, one object')
    .action(async (id: number | undefined, options: RetryOptions) => {
      assertWhich(id, options)
      const { retryMany, retryOne } = await import('./retry-many.ts')
      await withLedger((ledger) =>
        id !== undefined && !options.plan
          ? retryOne(ledger, id, options, run.terminal)
          : retryMany(ledger, run.variables, { ...options, id: id ?? null }, run.terminal, process.stdin),
      )
    })
}

const FILTERS = [
  'state',
  'route',
  'source',
  'type',
  'since',
  'until',
  'externalId',
  'email',
  'phone',
] as const

/** Throws USAGE where neither one message nor a filter is named, or both. */
function assertWhich(id: number | undefined, options: RetryOptions): void {
  const filtered = FILTERS.some((name) => options[name] !== undefined)
  if (id !== undefined && (filtered || options.limit !== undefined)) {
    throw new PostriderError('USAGE', 'Say which: either one message by its number, or many by a filter.')
  }
  if (id === undefined && !filtered && options.reason === undefined) {
    throw new PostriderError(
      'USAGE',
      'Say which: one message by its number, or many by --state, --route, --source, --type, --reason, --since, --until or a customer.',
    )
  }
}
