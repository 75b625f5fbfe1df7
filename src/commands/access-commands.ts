import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Ledger } from '../ledger/ledger.ts'
import { ROLES, type Role } from '../operator.ts'
import { duration, positiveNumber, wholeNumber } from './filters.ts'
import { operator, withLedgerOf } from './ledger-commands.ts'
import type { Run } from './output.ts'
import type { PasswordOptions } from './password.ts'

type By = { by: string }

/** The commands for who may look and act, and for the trail of what they did. */
export function addAccessCommands(program: Command, run: Run): void {
  const { variables, terminal } = run
  const withLedger = <T>(work: (ledger: Ledger) => Promise<T>) => withLedgerOf(variables, work)
  const asked = (options: PasswordOptions) => ({ options, input: process.stdin, terminal })

  const operators = program.command('operators').description('who may look and act in the console')
  withPassword(
    operators
      .command('add <name>')
      .description('asks for a password, which no list of arguments shows')
      .addOption(roleOption()),
  ).action(async (name: string, { role, by, ...options }: PasswordOptions & By & { role: Role }) => {
    const { addOperator } = await import('./operators.ts')
    await addOperator(withLedger, { name, role, by }, asked(options))
  })
  withPassword(
    operators.command('password <name>').description('another password; ends the operator’s sessions'),
  ).action(async (name: string, { by, ...options }: PasswordOptions & By) => {
    const { setPassword } = await import('./operators.ts')
    await setPassword(withLedger, { name, by }, asked(options))
  })
  by(operators.command('role <name>').description('another role, at once').addOption(roleOption())).action(
    async (name: string, options: By & { role: Role }) => {
      const { setRole } = await import('./operators.ts')
      await withLedger((ledger) => setRole(ledger, { name, ...options }, terminal))
    },
  )
  by(operators.command('logout <name>').description('end the operator’s sessions')).action(
    async (name: string, options: By) => {
      const { logOut } = await import('./operators.ts')
      await withLedger((ledger) => logOut(ledger, name, options.by, terminal))
    },
  )
  by(
    operators.command('remove <name>').description('ends the sessions too; the trail keeps the name'),
  ).action(async (name: string, options: By) => {
    const { removeOperator } = await import('./operators.ts')
    await withLedger((ledger) => removeOperator(ledger, name, options.by, terminal))
  })
  listed(operators.command('list').description('who there is')).action(
    async (options: { json?: boolean }) => {
      const { listOperators } = await import('./operators.ts')
      await withLedger((ledger) => listOperators(ledger, options.json === true, terminal))
    },
  )

  const tokens = program.command('tokens').description('what programs come in with')
  by(
    tokens
      .command('add <name>')
      .description('prints the token, this once')
      .addOption(roleOption())
      .addOption(
        new Option('--expires <duration>', 'such as 90d, or never')
          .argParser(expiry)
          .default(expiry('365d'), '365d'),
      ),
  ).action(async (name: string, options: By & { role: Role; expires: { forMs: number | null } }) => {
    const { addToken } = await import('./tokens.ts')
    const { role, expires, by } = options
    await withLedger((ledger) => addToken(ledger, { name, role, by, ...expires }, terminal))
  })
  listed(tokens.command('list').description('newest first, with those that are over')).action(
    async (options: { json?: boolean }) => {
      const { listTokens } = await import('./tokens.ts')
      await withLedger((ledger) => listTokens(ledger, options.json === true, terminal))
    },
  )
  by(
    tokens
      .command('remove')
      .argument('<id>', 'the number of the token', wholeNumber)
      .description('nobody comes in with it any more'),
  ).action(async (id: number, options: By) => {
    const { removeToken } = await import('./tokens.ts')
    await withLedger((ledger) => removeToken(ledger, id, options.by, terminal))
  })

  const audit = program.command('audit').description('who did what')
  listed(
    audit
      .command('list')
      .description('newest first')
      .option('--limit <n>', 'at most so many', positiveNumber, 50)
      .option('--before <id>', 'only what was done before that line', wholeNumber),
  ).action(async (options: { limit: number; before?: number; json?: boolean }) => {
    const { listAudit } = await import('./audit.ts')
    const { json, ...filter } = options
    await withLedger((ledger) => listAudit(ledger, filter, json === true, terminal))
  })
}

function roleOption(): Option {
  return new Option('--role <role>', 'what they may do').choices(ROLES).makeOptionMandatory()
}

function by(command: Command): Command {
  return command.option('--by <name>', 'the operator who does this', operator())
}

function withPassword(command: Command): Command {
  return by(
    command
      .option('--password-stdin', 'the first line of the input is the password')
      .option('--generate', 'make one, and print it this once'),
  )
}

function listed(command: Command): Command {
  return command.option('--json', 'one array of objects')
}

function expiry(text: string): { forMs: number | null } {
  if (text === 'never') return { forMs: null }
  try {
    return { forMs: duration(text) }
  } catch {
    throw new InvalidArgumentError(`Expected a duration such as 90d, or never; got ${text}.`)
  }
}
