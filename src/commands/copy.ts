import { SingleBar } from 'cli-progress'
import { systemClock } from '../clock.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import { type Copied, copyLedger, undoCopy } from '../ledger/copy/copy.ts'
import { fileOf } from '../ledger/open.ts'
import { keyFrom, LEDGER } from '../settings.ts'
import { ledgerFile } from './ledger.ts'
import { print, printJson, type Terminal } from './output.ts'

export type CopyOptions = { to?: string; undo?: boolean; json?: boolean }

/** Copies the ledger into another, or has it used again after that. Throws USAGE where it is not said which of the two; otherwise rejects as `copyLedger` and `undoCopy` do. */
export async function copy(
  variables: Variables,
  { to, undo = false, json = false }: CopyOptions,
  terminal: Terminal,
): Promise<void> {
  const environment = readEnvironment(variables)
  if (undo === (to !== undefined)) {
    throw new PostriderError('USAGE', 'Say where to, --to URL, or --undo what was done; not both.')
  }
  ledgerFile(environment)
  const from = environment.DATABASE_URL ?? LEDGER
  if (to === undefined) return undone(from, json, terminal)
  const began = systemClock.now()
  const bar = barOn(terminal)
  const { key } = keyFrom(environment)
  const copied = await copyLedger({ from, to, key, clock: systemClock, progress: bar.show }).finally(bar.stop)
  const seconds = (systemClock.now() - began) / 1_000
  if (json) return printJson(terminal, { ...copied, seconds })
  tell(copied, seconds, to, terminal)
}

function tell({ from, to, rows, keyFile }: Copied, seconds: number, url: string, terminal: Terminal): void {
  print(
    terminal,
    `${rows} rows of ${from} are in ${to}, and both were compared (${seconds.toFixed(1)} s).`,
    'green',
  )
  const file = fileOf(url)
  if (keyFile === null) {
    print(terminal, 'Its key is the same POSTRIDER_KEY: every instance needs it, and commands too.')
  } else if (file === undefined) {
    print(
      terminal,
      `Its key is what ${keyFile} holds: every instance needs it as POSTRIDER_KEY, or as a file that POSTRIDER_KEY_FILE names, and commands too. Without it nobody who was suppressed is known.`,
    )
  } else {
    print(terminal, `Its key is what ${keyFile} holds: copy that to ${file}.key before anything else.`)
  }
  print(terminal, `From now on: DATABASE_URL with ${to}. ${from} is kept and no longer used.`)
}

async function undone(url: string, json: boolean, terminal: Terminal): Promise<void> {
  const { ledger, copy } = await undoCopy(url)
  if (json) return printJson(terminal, { ledger, copy })
  print(terminal, `${ledger} is used again.`, 'green')
  print(
    terminal,
    `Nothing may be sent from ${copy} any more: what both hold would be sent twice. What it received since is in it alone.`,
    'yellow',
  )
}

/** A bar for each step. */
function barOn({ err }: Terminal) {
  const words = { copy: 'Copying', compare: 'Comparing' }
  let bar: SingleBar | null = null
  let shown: keyof typeof words | null = null
  return {
    show(step: keyof typeof words, done: number, of: number): void {
      if (!err.isTTY) return
      if (step !== shown) {
        bar?.stop()
        const format = `${words[step]} {bar} {value} of {total} rows, {eta_formatted} left`
        bar = new SingleBar({ stream: err, clearOnComplete: true, format })
        bar.start(of, done)
        shown = step
      }
      bar?.update(done)
    },
    stop: () => bar?.stop(),
  }
}
