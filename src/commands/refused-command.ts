import type { Command } from 'commander'
import { assertInOrder, instant, positiveNumber } from './filters.ts'
import { operator, withLedgerOf } from './ledger-commands.ts'
import type { Run } from './output.ts'

type Span = { since?: number; until?: number }
type ListOptions = Span & { source?: string; reason?: string; limit: number; json?: boolean }
type RecheckOptions = Span & { source: string; by: string; json?: boolean }

/** The commands for deliveries that were refused for their signature. */
export function addRefusedCommands(program: Command, run: Run): void {
  const { variables, terminal } = run
  const refused = program
    .command('refused')
    .description('deliveries that were refused for their signature, of the last 24 hours')

  between(refused.command('list').description('newest first, without what they hold'))
    .option('--source <name>', 'only of this source')
    .option('--reason <code>', 'only for this reason, such as no-match')
    .option('--limit <n>', 'at most so many, newest first', positiveNumber, 50)
    .option('--json', 'one array of objects')
    .action(async ({ json, ...filter }: ListOptions) => {
      assertInOrder(filter)
      const { listRefused } = await import('./refused.ts')
      await withLedgerOf(variables, (ledger) => listRefused(ledger, filter, json === true, terminal))
    })

  between(
    refused
      .command('recheck')
      .description(
        'verify them with the present secrets as of their arrival, and take in those that prove authentic',
      ),
  )
    .requiredOption('--source <name>', 'whose')
    .option('--by <name>', 'the operator', operator())
    .option('--json', 'one object')
    .action(async ({ json, ...asked }: RecheckOptions) => {
      assertInOrder(asked)
      const { recheck } = await import('./refused.ts')
      const well = await withLedgerOf(variables, (ledger) =>
        recheck(ledger, variables, asked, json === true, terminal),
      )
      run.exitCode = well ? 0 : 1
    })
}

function between(command: Command): Command {
  return command
    .option(
      '--since <time>',
      'an ISO time, the last time that it was 02:00, say, or how long ago, such as 2h',
      instant,
    )
    .option('--until <time>', 'likewise', instant)
}
