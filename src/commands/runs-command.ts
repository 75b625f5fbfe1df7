import { Argument, type Command } from 'commander'
import type { Ledger } from '../ledger/ledger.ts'
import { positiveNumber, wholeNumber } from './filters.ts'
import { operator } from './ledger-commands.ts'
import type { Run } from './output.ts'

/** What many messages that are re-triggered together come to. */
export function addRunCommands(
  program: Command,
  { variables, terminal }: Run,
  withLedger: <T>(work: (ledger: Ledger) => Promise<T>) => Promise<T>,
): void {
  const runs = program.command('runs').description('many messages that are re-triggered together')
  const id = () => new Argument('<id>', 'the number of the run').argParser(wholeNumber)
  runs
    .command('list')
    .description('newest first')
    .option('--limit <n>', 'at most so many', positiveNumber, 50)
    .option('--json', 'one array of objects')
    .action(async (options: { limit: number; json?: boolean }) => {
      const { listRuns } = await import('./runs.ts')
      await withLedger((ledger) => listRuns(ledger, options.limit, options.json === true, terminal))
    })
  runs
    .command('show')
    .addArgument(id())
    .description('one run: how far it is, what became of its messages, what was refused')
    .option('--watch', 'wait until it has ended')
    .option('--json', 'one object')
    .action(async (number: number, options: { watch?: boolean; json?: boolean }) => {
      const { showRun } = await import('./runs.ts')
      const how = { watch: options.watch === true, json: options.json === true }
      await withLedger((ledger) => showRun(ledger, number, how, variables, terminal))
    })
  runs
    .command('stop')
    .addArgument(id())
    .description('re-trigger no more of its messages; those that were go on')
    .option('--by <name>', 'the operator', operator())
    .option('--json', 'one object')
    .action(async (number: number, options: { by: string; json?: boolean }) => {
      const { stopRun } = await import('./runs.ts')
      await withLedger((ledger) => stopRun(ledger, number, options.by, options.json === true, terminal))
    })
}
