import { basename } from 'node:path'
import { SingleBar } from 'cli-progress'
import { PostriderError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { redact } from '../redact.ts'
import { print, printJson, type Terminal } from './output.ts'
import { type Refusal, readRefusals } from './suppress-csv.ts'
import { type Naming, readWhom } from './suppress-whom.ts'

/** One commit each: few enough that the service beside it hardly waits. */
const BATCH = 500
/** Fewer are over before a bar is read. */
const BAR_FROM = 1000
/** Of lines that are named one by one. */
const SHOWN = 20

type Told = { line: number; reason: string }

/**
 * Suppresses everybody whom a CSV file names; who is suppressed already stays so, and the file can be imported again. Lists the lines that name nobody who could be kept, and those of
 * which a value is no address; false where one of these values can match nobody. `reason`: of rows that give none; null: the file's name.
 */
export async function importSuppressions(
  ledger: Pick<Ledger, 'suppress'>,
  file: string,
  { naming, reason, by }: { naming: Naming; reason: string | null; by: string },
  json: boolean,
  terminal: Terminal,
): Promise<boolean> {
  const { refusals, passedOver } = readRefusals(file)
  const usual = reason ?? `imported from ${basename(file)}`
  const named = refusals.map((refusal) => ({ ...refusal, ...readWhom(refusal.customer, naming) }))
  const meant = named.filter(({ names }) => names.length > 0)
  const nobody = named
    .filter(({ names }) => names.length === 0)
    .map((row) => told(row, [...row.bad, ...row.placeholders]))
  // Who has a good address beside it is kept by that: a no must not be lost for a slip in another column.
  const inPart = meant.filter(({ bad }) => bad.length > 0).map((row) => told(row, [...row.bad, ...row.near]))
  const asWritten = meant
    .filter(({ bad, near }) => bad.length === 0 && near.length > 0)
    .map((row) => told(row, row.near))
  const { added, known } = await suppressAll(ledger, meant, { usual, by }, terminal)

  if (json) {
    printJson(terminal, {
      rows: refusals.length,
      added,
      known,
      nobody,
      odd: [...inPart, ...asWritten].sort((a, b) => a.line - b.line),
      passedOver,
    })
  } else {
    if (passedOver.length > 0)
      print(terminal, `Columns that say nothing here: ${passedOver.join(', ')}`, 'dim')
    print(terminal, `${added} suppressed, ${known} known already, ${nobody.length} that name nobody.`)
    tell(nobody, 'not kept', terminal)
    tell(inPart, 'kept by the other values alone', terminal)
    tell(asWritten, 'kept as it is written, and matches that writing alone', terminal)
  }
  return nobody.length === 0 && inPart.length === 0
}

function told({ line }: { line: number }, faults: readonly string[]): Told {
  return { line, reason: faults.join('; ') || 'names nobody' }
}

/** Of each row whether it was new. Rejects with what the ledger says and how many were kept until then. */
async function suppressAll(
  ledger: Pick<Ledger, 'suppress'>,
  rows: readonly (Refusal & { names: readonly string[] })[],
  { usual, by }: { usual: string; by: string },
  { err }: Terminal,
): Promise<{ added: number; known: number }> {
  const format = '{bar} {value}/{total} suppressed, {eta} s left'
  const bar =
    err.isTTY && rows.length >= BAR_FROM
      ? new SingleBar({ stream: err, clearOnComplete: true, format })
      : null
  let added = 0
  let done = 0
  bar?.start(rows.length, 0)
  try {
    for (let from = 0; from < rows.length; from += BATCH) {
      const batch = rows.slice(from, from + BATCH)
      const counts = await Promise.all(
        batch.map(({ names, channels, reason }) =>
          ledger.suppress(names, { channels, reason: redact(reason ?? usual), by }),
        ),
      )
      added += counts.filter((count) => count > 0).length
      done += batch.length
      bar?.increment(batch.length)
    }
  } catch (error) {
    if (!(error instanceof PostriderError)) throw error
    const before = `${done} of ${rows.length} are suppressed; import the same file again for the others.`
    throw new PostriderError(error.code, `${error.message} ${before}`, { cause: error })
  } finally {
    bar?.stop()
  }
  return { added, known: rows.length - added }
}

function tell(lines: readonly Told[], what: string, terminal: Terminal): void {
  for (const { line, reason } of lines.slice(0, SHOWN))
    print(terminal, `! line ${line}, ${what}: ${reason}`, 'red')
  if (lines.length > SHOWN) print(terminal, `… and ${lines.length - SHOWN} more, ${what}; --json lists all.`)
}
