import { readFileSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { addAccessCommands } from './commands/access-commands.ts'
import { portNumber, positiveNumber, signedDuration, wholeNumber } from './commands/filters.ts'
import { addKeepingCommands } from './commands/keeping-commands.ts'
import { addLedgerCommands } from './commands/ledger-commands.ts'
import { addNotifyCommands } from './commands/notify-commands.ts'
import { type Run, type Terminal, visibleLines } from './commands/output.ts'
import { addRefusedCommands } from './commands/refused-command.ts'
import { addSendCommand } from './commands/send-command.ts'
import { addSimulateCommand } from './commands/simulate-command.ts'
import { addSuppressCommands } from './commands/suppress-command.ts'
import { processEnvironment, type Variables } from './environment.ts'
import { messageOf, PostriderError } from './errors.ts'

/**
 * Runs one command. Answers the exit code: 0 ok, 1 failed, 2 the words of the command were off. Each command imports what it needs when it runs:
 * the SDK alone takes longer to load than most commands take.
 */
export async function main(
  argv: readonly string[],
  terminal: Terminal = { out: process.stdout, err: process.stderr },
  variables: Variables = processEnvironment(),
): Promise<number> {
  // What went wrong may quote a configuration, a database or an argument.
  const say = (text: string) => void terminal.err.write(visibleLines(`${text}\n`))
  try {
    const run: Run = { variables, terminal, exitCode: 0 }
    await program(run, say).parseAsync([...argv])
    return run.exitCode
  } catch (error) {
    if (error instanceof InvalidArgumentError) {
      say(error.message)
      return 2
    }
    // Commander has said already what it throws on its own account.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (error instanceof PostriderError) {
      say(error.message)
      return error.code === 'USAGE' ? 2 : 1
    }
    const stack = error instanceof Error ? error.stack : undefined
    say(`Something unforeseen went wrong; please report it: ${stack ?? messageOf(error)}`)
    return 1
  }
}

function program(run: Run, say: (text: string) => void): Command {
  const { variables, terminal } = run
  const program = new Command('postrider')
    .description('Signed CRM webhooks in, proactive Genesys Cloud messages out, each once.')
    .version(version(), '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.out.write(text),
      writeErr: (text) => say(text.replace(/\n$/, '')),
    })
    .showHelpAfterError('(--help tells more)')
    .addHelpText(
      'after',
      '\nNew here: npm run demo shows it at work with nothing to set; README.md goes on from there.',
    )

  program
    .command('start')
    .description('run the service')
    .option('--sandbox', 'send to a stand-in for Genesys Cloud in this process, with a ledger of its own')
    .addOption(sandboxPort('--sandbox-port <port>'))
    .option('--check', 'first look through the whole ledger for damage; of a large one that takes minutes')
    .action(async (options: { sandbox?: boolean; sandboxPort: number; check?: boolean }) => {
      const { start } = await import('./commands/start.ts')
      await start(
        variables,
        {
          sandbox: options.sandbox === true,
          sandboxPort: options.sandboxPort,
          check: options.check === true,
        },
        terminal,
      )
    })

  program
    .command('sandbox')
    .description('run only the stand-in for Genesys Cloud')
    .option('--sandbox', 'allow it under NODE_ENV=production')
    .addOption(sandboxPort('--port <port>'))
    .action(async (options: { sandbox?: boolean; port: number }) => {
      const { runSandbox } = await import('./commands/sandbox.ts')
      await runSandbox(variables, { asked: options.sandbox === true, port: options.port }, terminal)
    })

  program
    .command('demo', { hidden: true })
    .description('run the service with the sandbox and replay the example events')
    .option('--sandbox', 'allow it under NODE_ENV=production')
    .action(async (options: { sandbox?: boolean }) => {
      const { demo } = await import('./commands/demo.ts')
      await demo(variables, options.sandbox === true, terminal)
    })

  program
    .command('check')
    .description('check the configuration, its templates and fixtures; needs no secret and no network')
    .option('--config <file>', 'instead of POSTRIDER_CONFIG')
    .option('--fixtures <folder>', 'fixtures to plan and render, instead of those in fixtures/')
    .option('--json', 'the problems, routes and fixtures as one object')
    .action(async (options: { config?: string; fixtures?: string; json?: boolean }) => {
      const { check } = await import('./commands/check.ts')
      run.exitCode = (await check(variables, options, terminal)) ? 0 : 1
    })

  program
    .command('preview <route>')
    .description('show what a route would say, and to whom, for a fixture or an event of the ledger')
    .option('--fixture <file>', 'a fixture')
    .option('--event <id>', 'an event of the ledger', wholeNumber)
    .option('--locale <locale>', 'instead of the customer’s')
    .option('--channel <channel>', 'instead of the route’s first')
    .option('--json', 'one object')
    .action(
      async (
        route: string,
        options: { fixture?: string; event?: number; locale?: string; channel?: string; json?: boolean },
      ) => {
        const { preview } = await import('./commands/preview.ts')
        run.exitCode = (await preview(variables, route, options, terminal)) ? 0 : 1
      },
    )

  program
    .command('doctor')
    .description('ask Genesys Cloud whether everything is in place; sends nothing')
    .option('--external-id <id>', 'also how this customer would be found: their id in the source')
    .option('--email <address>', 'likewise, their address')
    .option('--phone <number>', 'likewise, their number')
    .option('--json', 'one object')
    .action(async ({ json, ...named }: DoctorOptions) => {
      const { doctor } = await import('./commands/doctor.ts')
      const customer = Object.keys(named).length === 0 ? null : named
      run.exitCode = (await doctor(variables, { json: json === true, customer }, terminal)) ? 0 : 1
    })

  const sources = program.command('sources').description('who sends webhooks, and how their side is set up')
  sources
    .command('list')
    .description('the sources of the configuration')
    .option('--json', 'one array of objects')
    .action(async (options: { json?: boolean }) => {
      const { listSources } = await import('./commands/sources.ts')
      listSources(variables, options.json === true, terminal)
    })
  sources
    .command('show <name>')
    .description('the URL to enter, where to click, the body to paste, what its test button does')
    .option('--json', 'one object')
    .action(async (name: string, options: { json?: boolean }) => {
      const { showSource } = await import('./commands/sources.ts')
      showSource(variables, name, options.json === true, terminal)
    })

  program
    .command('replay <file...>')
    .description('sign fixtures and post them to a running service')
    .option('--url <url>', 'of the service', 'http://127.0.0.1:3000')
    .option('--source <name>', 'instead of the fixture’s own')
    .option('--times <n>', 'post each this often, each time as a new event', positiveNumber, 1)
    .option('--duplicate', 'post everything twice, the same event again')
    .option('--skew <duration>', 'sign as if the clock were this far off, such as -10m', signedDuration, 0)
    .addOption(
      new Option('--tamper <part>', 'change it after signing').choices(['body', 'signature', 'header']),
    )
    .option(
      '--topic <topic>',
      'another one in the header, such as checkouts/update, where the sender has one',
    )
    .option('--live', 'also to a service that sends to a real org')
    .option('--json', 'one array of objects')
    .action(async (files: string[], options) => {
      const { replay } = await import('./commands/replay.ts')
      run.exitCode = (await replay(variables, files, options, terminal)) ? 0 : 1
    })

  addSimulateCommand(program, run)
  addSendCommand(program, run)
  addLedgerCommands(program, run)
  addRefusedCommands(program, run)
  addSuppressCommands(program, run)
  addAccessCommands(program, run)
  addKeepingCommands(program, run)
  addNotifyCommands(program, run)
  return program
}

type DoctorOptions = { externalId?: string; email?: string; phone?: string; json?: boolean }

function sandboxPort(flags: string): Option {
  return new Option(flags, 'port of the sandbox’s page and API; 0 takes a free one')
    .default(4010)
    .argParser(portNumber)
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown'
}
