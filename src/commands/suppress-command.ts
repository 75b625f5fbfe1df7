import { type Command, InvalidArgumentError, Option } from 'commander'
import { CHANNELS, type Channel } from '../message.ts'
import { positiveNumber } from './filters.ts'
import { operator, withLedgerOf } from './ledger-commands.ts'
import type { Run } from './output.ts'
import { list } from './send-command.ts'
import type { Whom } from './suppress-whom.ts'

type Options = Whom & { by: string; json?: boolean }

/** The commands for customers who must not be written to. */
export function addSuppressCommands(program: Command, run: Run): void {
  const { variables, terminal } = run
  const suppress = program.command('suppress').description('customers who must not be written to')

  named('add', 'nothing is sent to this customer any more, whatever route it is')
    .option('--channel <list>', 'only over these, such as sms,whatsapp; otherwise over all', list(CHANNELS))
    .requiredOption('--reason <text>', 'why; without names or addresses, since erasing keeps it', someReason)
    .option('--by <name>', 'the operator', operator())
    .action(async (options: Options & { channel?: readonly Channel[]; reason: string }) => {
      const { addSuppression, namesMeant } = await import('./suppress.ts')
      const { namingOf } = await import('./suppress-whom.ts')
      const names = namesMeant(options, namingOf(variables, options.source))
      const refusal = { channels: options.channel ?? null, reason: options.reason, by: options.by }
      await withLedgerOf(variables, (ledger) =>
        addSuppression(ledger, names, refusal, options.json === true, terminal),
      )
    })

  named('remove', 'this customer may be written to again')
    .addOption(
      new Option('--channel <name>', 'only what was said of this one; otherwise of all').choices(CHANNELS),
    )
    .option('--by <name>', 'the operator', operator())
    .action(async (options: Options & { channel?: Channel }) => {
      const { namesMeant, removeSuppression } = await import('./suppress.ts')
      const { namingOf } = await import('./suppress-whom.ts')
      const names = namesMeant(options, namingOf(variables, options.source), true)
      await withLedgerOf(variables, (ledger) =>
        removeSuppression(
          ledger,
          names,
          { channel: options.channel ?? null, by: options.by },
          options.json === true,
          terminal,
        ),
      )
    })

  named('list', 'the newest; or whether one customer is suppressed, and why')
    .option('--limit <n>', 'at most so many, newest first', positiveNumber, 50)
    .action(async (options: Options & { limit: number }) => {
      const { listSuppressions, namesMeant } = await import('./suppress.ts')
      const { namingOf } = await import('./suppress-whom.ts')
      const isOne = (options.externalId ?? options.email ?? options.phone) !== undefined
      const asked = isOne
        ? { names: namesMeant(options, namingOf(variables, options.source), true) }
        : { limit: options.limit }
      await withLedgerOf(variables, (ledger) =>
        listSuppressions(ledger, asked, options.json === true, terminal),
      )
    })

  suppress
    .command('import <file>')
    .description('a CSV file of customers: externalId, email, phone, of which one is enough; channel, reason')
    .option('--source <name>', 'the source whose ids they are; without it those of genesys.externalSource')
    .option('--reason <text>', 'for rows that give none')
    .option('--by <name>', 'the operator', operator())
    .option('--json', 'one object')
    .action(async (file: string, options: Options & { reason?: string }) => {
      const { namingOf } = await import('./suppress-whom.ts')
      const { importSuppressions } = await import('./suppress-import.ts')
      const naming = namingOf(variables, options.source)
      const how = { naming, reason: options.reason?.trim() || null, by: options.by }
      const complete = await withLedgerOf(variables, (ledger) =>
        importSuppressions(ledger, file, how, options.json === true, terminal),
      )
      run.exitCode = complete ? 0 : 1
    })

  function named(name: string, description: string): Command {
    return suppress
      .command(name)
      .description(description)
      .option('--external-id <id>', 'the customer’s id in the source')
      .option('--email <address>', 'the customer’s address')
      .option('--phone <number>', 'the customer’s number')
      .option('--source <name>', 'the source whose id it is; without it one of genesys.externalSource')
      .option('--json', name === 'list' ? 'one array of objects' : 'one object')
  }
}

/** The next person who asks why must find something. */
function someReason(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Say why: --reason "asked us to stop".')
  return text
}
