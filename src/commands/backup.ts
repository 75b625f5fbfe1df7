import { SingleBar } from 'cli-progress'
import { readEnvironment, type Variables } from '../environment.ts'
import { backUp } from '../ledger/sqlite/backup.ts'
import { keyFrom } from '../settings.ts'
import { sqliteFile } from './ledger.ts'
import { print, printJson, type Terminal } from './output.ts'

const ON_POSTGRES =
  'Use pg_dump, which copies a database while it is used, or what its provider has for it; and keep POSTRIDER_KEY, in another place than the copy: without it nobody who was suppressed is known.'

/** Copies the ledger to a file, beside the service or without, and checks the copy. Throws REFUSED where the file exists and is not to be replaced. */
export async function backup(
  variables: Variables,
  target: string,
  { force = false, json = false }: { force?: boolean; json?: boolean },
  terminal: Terminal,
): Promise<void> {
  const environment = readEnvironment(variables)
  const file = sqliteFile(environment, 'backup', ON_POSTGRES)
  const bar = terminal.err.isTTY
    ? new SingleBar({ stream: terminal.err, clearOnComplete: true, format: 'Copying {bar} {percentage} %' })
    : null
  let begun = false
  const progress = (done: number, of: number) => {
    if (!begun) bar?.start(of, done)
    else bar?.update(done)
    begun = true
  }
  const { bytes } = await backUp(file, target, { force, progress }).finally(() => bar?.stop())
  const keyFile = keyFrom(environment).key === undefined ? `${file}.key` : null
  if (json) return printJson(terminal, { file: target, bytes, keyFile })
  print(terminal, `${target}: ${(bytes / 1024 / 1024).toFixed(1)} MiB, complete and sound.`, 'green')
  print(
    terminal,
    keyFile === null
      ? 'POSTRIDER_KEY belongs to it: with another key nobody who was suppressed is known. Keep it in another place than the copy.'
      : `The key ${keyFile} belongs to it: without it nobody who was suppressed is known. Copy it too, to another place than this.`,
  )
}
