import type { Command } from 'commander'
import { operator } from './ledger-commands.ts'
import type { Run } from './output.ts'
import type { PurgeOptions } from './purge.ts'

/** The commands for what is kept, and for what must go. */
export function addKeepingCommands(program: Command, run: Run): void {
  const { variables, terminal } = run

  program
    .command('purge')
    .description('erase one customer from the ledger, and prove it; nothing is sent to them any more')
    .option('--external-id <id>', 'the customer’s id in the source')
    .option('--email <address>', 'the customer’s address')
    .option('--phone <number>', 'the customer’s number')
    .option('--source <name>', 'the source whose id it is; without it one of genesys.externalSource')
    .option('--yes', 'do not ask')
    .option('--by <name>', 'the operator', operator())
    .option('--json', 'one object')
    .action(async (options: PurgeOptions) => {
      const { purge } = await import('./purge.ts')
      run.exitCode = (await purge(variables, options, terminal, process.stdin)) ? 0 : 1
    })

  program
    .command('backup <file>')
    .description('copy the ledger to a file while it is used, and check the copy')
    .option('--force', 'replace the file where it exists')
    .option('--json', 'one object')
    .action(async (file: string, options: { force?: boolean; json?: boolean }) => {
      const { backup } = await import('./backup.ts')
      await backup(variables, file, options, terminal)
    })
}
