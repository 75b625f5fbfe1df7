import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { positiveNumber } from '../src/commands/filters.ts'
import type { LedgerKind } from './ingest.ts'
import * as print from './print.ts'

/** `npm run bench`: what Postrider costs, as a ratio to a named peer or limit. Exits with 1 where a limit is missed, with 2 where it does not know what is asked. */
const program = new Command('npm run bench --')
  .description('What Postrider costs, over the least that the same work can cost, on this machine.')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))

const FOLDER = join(import.meta.dirname, '../data')
const folder = () =>
  // Not the system's folder for temporary files, which is memory on some machines: there an fsync costs nothing.
  new Option('--folder <dir>', 'where the ledgers lie meanwhile, on the disk that is measured').default(
    FOLDER,
    'data',
  )
const json = () => new Option('--json', 'one object, with all figures')
const rounds = () => number('--rounds <n>', 'of which the median counts', 5)
const seconds = () => number('--seconds <n>', 'of a round', 3)

program
  .command('ingest')
  .description('events acknowledged, over the bare route and over one that appends to a file')
  .addOption(new Option('--ledger <kind>').choices(['sqlite', 'postgres', 'both']).default('sqlite'))
  .option('--connections <n,n>', 'that send at once', connectionsOf, [32, 256])
  .addOption(seconds())
  .addOption(rounds())
  .addOption(folder())
  .addOption(json())
  .addHelpText('after', '\nPostgreSQL is the server of BENCH_DATABASE_URL, or one that is started for it.')
  .action(async ({ ledger, ...options }: Timed & { ledger: LedgerKind | 'both'; connections: number[] }) => {
    const { benchIngest, LEDGERS } = await import('./ingest.ts')
    const ledgers = ledger === 'both' ? LEDGERS : [ledger]
    const result = await benchIngest({ ...options, ledgers })
    show(options, result, () => print.printIngest(result, timesOf(options)))
    judge(result.results.every(({ faults }) => faults.length === 0))
  })

program
  .command('deliver')
  .description('messages sent, over a bare loop of the SDK')
  .addOption(number('--messages <n>', 'of a round', 3_000))
  .addOption(rounds())
  .addOption(folder())
  .addOption(json())
  .action(async (options: Shown & { messages: number; rounds: number; folder: string }) => {
    const { benchDeliver } = await import('./deliver.ts')
    const result = await benchDeliver(options)
    const how = `median of ${options.rounds} rounds of ${options.messages} messages`
    show(options, result, () => print.printDeliver(result, how))
    judge(result.faults.length === 0)
  })

program
  .command('scale')
  .description(
    'what an event and its message cost in a large ledger, over a small one; how soon it is ready with it',
  )
  .addOption(number('--rows <n>', 'events of the large one', 10_000_000))
  .option('--ledger <file>', 'the large one; made where there is none, and kept')
  .addOption(seconds())
  .addOption(rounds())
  .addOption(folder())
  .addOption(json())
  .action(async ({ ledger = null, ...options }: Timed & { rows: number; ledger?: string | null }) => {
    const { benchScale } = await import('./scale.ts')
    const result = await benchScale({ ...options, ledger })
    show(options, result, () => print.printScale(result, timesOf(options)))
    judge(result.faults.length === 0)
  })

program
  .command('budget')
  .description('the share of the allowed calls that is used, by a clock that is moved')
  .addOption(number('--minutes <n>', 'of that clock', 10))
  .addOption(json())
  .action(async (options: Shown & { minutes: number }) => {
    const { benchBudget, LEAST_SHARE } = await import('./budget.ts')
    const cases = await benchBudget(options)
    show(options, cases, () => {
      console.log(`${options.minutes} minutes each, by a clock that is moved`)
      for (const one of cases) print.printBudget(one, LEAST_SHARE)
    })
    judge(cases.every(({ isWell }) => isWell))
  })

program
  .command('verify')
  .description('what verifying a delivery costs, over its HMAC alone')
  .addOption(rounds())
  .addOption(json())
  .action(async (options: Shown & { rounds: number }) => {
    const { benchVerify } = await import('./verify.ts')
    // A turn takes a millisecond: short, so that whatever else the machine does spoils few of them.
    const cases = benchVerify({ turns: options.rounds * 40 })
    show(options, cases, () => cases.forEach(print.printVerify))
    judge(cases.every(({ isWell }) => isWell))
  })

program
  .command('simulate')
  .description('how long simulate takes for 100,000 events, and how that grows')
  .addOption(json())
  .action(async (options: Shown) => {
    const { benchSimulate } = await import('./simulate.ts')
    const result = await benchSimulate()
    show(options, result, () => print.printSimulate(result))
    judge(result.isWell)
  })

program
  .command('console')
  .description('how long pages of the console take over a large ledger while events come in')
  .addOption(number('--events <n>', 'in the ledger', 1_000_000))
  .option('--ledger <file>', 'a copy of this one, which bench/seed.ts made')
  .addOption(seconds())
  .addOption(rounds())
  .addOption(folder())
  .addOption(json())
  .action(async ({ ledger = null, ...options }: Timed & { events: number; ledger?: string | null }) => {
    const { benchConsole } = await import('./console.ts')
    const result = await benchConsole({ ...options, rounds: options.rounds * 8, ledger })
    show(options, result, () => print.printConsole(result))
    judge(result.isWell)
  })

await program.parseAsync()

type Shown = { json?: boolean }
type Timed = Shown & { seconds: number; rounds: number; folder: string }

function number(flags: string, description: string, preset: number): Option {
  return new Option(flags, description).argParser(positiveNumber).default(preset)
}

function connectionsOf(text: string): number[] {
  if (!/^\d+(,\d+)*$/.test(text)) throw new InvalidArgumentError('Expected numbers, such as 32,256.')
  return text.split(',').map(positiveNumber)
}

function timesOf({ rounds, seconds }: Timed): string {
  return `median of ${rounds} rounds of ${seconds} s`
}

function show({ json: asJson }: Shown, result: unknown, inWords: () => void): void {
  if (asJson) console.log(JSON.stringify(result, null, 2))
  else inWords()
}

function judge(isWell: boolean): void {
  if (!isWell) process.exitCode = 1
}
