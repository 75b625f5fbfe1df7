import { type Command, InvalidArgumentError } from 'commander'
import { CHANNELS, IDENTIFIERS } from '../message.ts'
import { duration } from './filters.ts'
import type { Run } from './output.ts'
import type { SendOptions } from './send.ts'

/** The command that writes to customers without an event: one, or those of a file. */
export function addSendCommand(program: Command, run: Run): void {
  program
    .command('send')
    .description('plan a message to one customer, or to those of a CSV file; the running service sends')
    .option('--csv <file>', 'customers: a header with externalId, email or phone, then a row for each')
    .option('--external-id <id>', 'the customer’s id in the external source')
    .option('--email <address>', 'the customer’s address')
    .option('--phone <number>', 'the customer’s number')
    .option('--name <name>', 'the customer’s name')
    .option('--locale <locale>', 'the customer’s language, such as de-AT')
    .option('--timezone <zone>', 'the customer’s time zone, such as Europe/Vienna')
    .option('--data <name=value>', 'what the template reads as data.NAME; several times, one each', pairs)
    .requiredOption('--template <name>', 'what is said')
    .requiredOption('--channels <list>', 'in order, such as webmessaging,email', list(CHANNELS))
    .option('--find-by <list>', 'how the contact is looked up, in order', list(IDENTIFIERS), IDENTIFIERS)
    .option(
      '--require-session <duration>',
      'only to customers with a web messaging session this recent',
      sessionAge,
    )
    .option('--expire-after <duration>', 'later than this it is not sent', duration, 86_400_000)
    .option('--campaign <name>', 'nobody gets it twice under one name; required with --csv', campaignName)
    .option('--skip-bad', 'leave out the rows that the template does not fit, instead of planning none')
    .option('--shadow', 'plan and show, never send')
    .option('--yes', 'do not ask')
    .option('--json', 'one object')
    .action(async (options: SendOptions) => {
      const { send } = await import('./send.ts')
      run.exitCode = (await send(run.variables, options, run.terminal, process.stdin)) ? 0 : 1
    })
}

/** `name=value`, given several times over. */
function pairs(text: string, before: Pairs | undefined): Pairs {
  const at = text.indexOf('=')
  if (at > 0) return [...(before ?? []), [text.slice(0, at).trim(), text.slice(at + 1).trim()]]
  throw new InvalidArgumentError('Expected a name, = and a value, such as order.number=4711.')
}

type Pairs = NonNullable<SendOptions['data']>

/** `a,b` → its items, each one of `known` and each once. */
export function list<T extends string>(known: readonly T[]) {
  return (text: string): readonly T[] => {
    const items = text.split(',').map((item) => item.trim())
    const found = items.flatMap((item) => known.find((one) => one === item) ?? [])
    if (found.length < items.length || new Set(found).size < found.length) {
      throw new InvalidArgumentError(
        `Expected a list of ${known.join(', ')}, each at most once and with commas between.`,
      )
    }
    return found
  }
}

/** As `requireSession` of a route: analytics are searched for it month by month. */
function sessionAge(text: string): number {
  const ms = duration(text)
  if (ms >= 60_000 && ms <= 365 * 86_400_000) return ms
  throw new InvalidArgumentError(`Expected a duration from 1m to 365d, such as 30d; got ${text}.`)
}

/** It becomes a part of the event's type and key. */
function campaignName(text: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,99}$/i.test(text)) return text
  throw new InvalidArgumentError(
    'Expected a name of letters, digits, points and hyphens, such as spring-2026, with 100 characters at most.',
  )
}
