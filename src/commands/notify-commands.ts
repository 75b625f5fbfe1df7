import type { Command } from 'commander'
import type { Run } from './output.ts'

/** The commands for who is told what needs a person. */
export function addNotifyCommands(program: Command, run: Run): void {
  const { variables, terminal } = run
  const notify = program.command('notify').description('who is told what needs a person')
  notify
    .command('test')
    .description(
      'post a notify.test to notify.url, and say what came back (exit code 1 where it was not taken)',
    )
    .option('--json', 'one object')
    .action(async (options: { json?: boolean }) => {
      const { testNotify } = await import('./notify.ts')
      run.exitCode = (await testNotify(variables, options.json === true, terminal)) ? 0 : 1
    })
  notify
    .command('secret')
    .description(
      'print the secret that signs where notify has none of its own: it is derived from the ledger’s key',
    )
    .action(async () => {
      const { printSecret } = await import('./notify.ts')
      await printSecret(variables, terminal)
    })
}
