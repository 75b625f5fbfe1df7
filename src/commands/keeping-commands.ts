import type { Command } from 'commander'
import type { CopyOptions } from './copy.ts'
import { operator } from './ledger-commands.ts'
import type { Run } from './output.ts'
import type { PurgeOptions } from './purge.ts'

/** The commands for what is kept and where, and for what must go. */
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

  program
    .command('copy')
    .description(
      'copy the ledger of DATABASE_URL into an empty one, such as a PostgreSQL database, and use it no more',
    )
    .option('--to <url>', 'where to: postgres://user:password@host/postrider, or sqlite:FILE')
    .option('--undo', 'use the ledger of DATABASE_URL again, and its copy no more')
    .option('--json', 'one object')
    .action(async (options: CopyOptions) => {
      const { copy } = await import('./copy.ts')
      await copy(variables, options, terminal)
    })

  program
    .command('migrate')
    .description('bring the ledger to the schema of this version, before instances of it start')
    .option('--json', 'one object')
    .action(async (options: { json?: boolean }) => {
      const { migrateSchema } = await import('./migrate.ts')
      await migrateSchema(variables, options.json === true, terminal)
    })
}
