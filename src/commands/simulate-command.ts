import { type Command, InvalidArgumentError, Option } from 'commander'
import { instant, positiveNumber, wholeNumber } from './filters.ts'
import type { Run } from './output.ts'
import type { SimulateOptions } from './simulate.ts'

/** `since` undefined: as its default says. */
type Options = Omit<SimulateOptions, 'since'> & { since?: number }

export function addSimulateCommand(program: Command, run: Run): void {
  program
    .command('simulate')
    .description('plan stored events again, by a new configuration too; sends nothing, writes nothing')
    .option('--config <file>', 'instead of POSTRIDER_CONFIG; its templates are beside it')
    .addOption(
      new Option('--since <time>', 'events received since then: an ISO time, 02:00, or how long ago')
        .argParser(instant)
        .default(undefined, '7d'),
    )
    .option('--until <time>', 'likewise', instant)
    .option('--source <name>', 'count only those from this source')
    .option('--type <type>', 'count only those of this type; * matches any characters')
    .option('--limit <n>', 'count so many at most, the oldest first', positiveNumber)
    .option('--samples <n>', 'texts to show of each route', wholeNumber, 3)
    .option('--json', 'one object')
    .action(async ({ since = instant('7d'), ...options }: Options) => {
      if (options.until !== undefined && since > options.until) {
        throw new InvalidArgumentError('--since is later than --until: nothing can lie between them.')
      }
      const { simulate } = await import('./simulate.ts')
      run.exitCode = (await simulate(run.variables, { ...options, since }, run.terminal)) ? 0 : 1
    })
}
