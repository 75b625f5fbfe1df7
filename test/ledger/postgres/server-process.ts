import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { binFolder, identity } from './binaries.ts'

/** A PostgreSQL server in a folder of its own, on a port of its own. It ends with the process that started it, however that ends. */
export type ServerProcess = {
  url(database: string): string
  /** Where its data and its log lie. */
  folder: string
  /** Again, on the same port and with the same data; resolves when it takes connections. */
  start(): Promise<void>
  /** `fast`: connections are broken, what is committed is written. `immediate`: as if it crashed; the next start recovers. Resolves when it is gone. */
  stop(how: 'fast' | 'immediate'): Promise<void>
  restart(how: 'fast' | 'immediate'): Promise<void>
  /** Freezes it with all its backends: connections stand and say nothing. */
  pause(): void
  resume(): void
}

const PREFIX = 'postrider-postgres-'
const START_MS = 30_000
/** Somebody else may take the port between the two. */
const PORTS_TRIED = 5

export async function startServer(): Promise<ServerProcess> {
  endStale()
  const as = identity()
  const bin = binFolder(as)
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`))
  const password = randomBytes(12).toString('hex')
  const secret = join(folder, 'password')
  writeFileSync(secret, `${password}\n`, { mode: 0o600 })
  if (as) for (const path of [folder, secret]) chownSync(path, as.uid, as.gid)
  chmodSync(folder, 0o700)
  const spawning = { ...as, cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' } }
  const data = join(folder, 'data')
  await promisify(execFile)(
    join(bin, 'initdb'),
    [...INITDB, `--pgdata=${data}`, `--pwfile=${secret}`],
    spawning,
  )

  let port = 0
  let running: { server: ChildProcess; watchdog: ChildProcess } | null = null

  async function start(): Promise<void> {
    const log = openSync(join(folder, 'log'), 'a', 0o600)
    const server = spawn(join(bin, 'postgres'), ['-D', data, ...SETTINGS, '-c', `port=${port}`], {
      ...spawning,
      detached: true,
      stdio: ['ignore', log, log],
    })
    // It lasts as long as the process, which therefore must not wait for it.
    server.unref()
    running = { server, watchdog: watch(server.pid ?? 0, folder, spawning) }
    const deadline = Date.now() + START_MS
    while (statusIn(data) !== 'ready') {
      if (server.exitCode !== null || Date.now() > deadline) {
        const said = readFileSync(join(folder, 'log'), 'utf8').slice(-2_000)
        throw new Error(`PostgreSQL did not start in ${folder}: ${said}`)
      }
      await wait(5)
    }
  }

  async function stop(how: 'fast' | 'immediate'): Promise<void> {
    if (!running) return
    const { server, watchdog } = running
    running = null
    watchdog.kill('SIGKILL')
    if (server.exitCode !== null || server.signalCode !== null) return
    server.ref()
    const gone = once(server, 'exit')
    server.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
    // Frozen it would never hear it.
    signalAll(server.pid ?? 0, 'SIGCONT')
    await gone
  }

  function pid(): number {
    if (running?.server.pid === undefined) throw new Error('the server does not run')
    return running.server.pid
  }

  for (let tried = 1; ; tried += 1) {
    port = await freePort()
    try {
      await start()
      break
    } catch (error) {
      await stop('immediate')
      if (tried === PORTS_TRIED || !String(error).includes('Address already in use')) throw error
    }
  }

  return {
    url: (database) => `postgres://postrider:${password}@127.0.0.1:${port}/${database}`,
    folder,
    start,
    stop,
    async restart(how) {
      await stop(how)
      await start()
    },
    pause: () => signalAll(pid(), 'SIGSTOP'),
    resume: () => signalAll(pid(), 'SIGCONT'),
  }
}

/** Its own language is not the ledger's order (COLLATE "C"), so that a column that forgets it is found out. */
const INITDB = [
  '--username=postrider',
  '--auth=password',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=icu',
  '--icu-locale=en-US',
  '--no-sync',
  '--no-instructions',
]

const SETTINGS = Object.entries({
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  max_connections: '200',
  shared_buffers: '64MB',
  // Planning a query for it takes longer than any of ours.
  jit: 'off',
}).flatMap(([name, value]) => ['-c', `${name}=${value}`])

/**
 * Ends the server and removes its folder when the process that started it is gone: only then nobody holds the other end of its standard input. The frozen are thawed, or they would never hear it.
 */
const WATCHDOG = `
  cat > /dev/null
  if [ "$(head -n 1 "$2/data/postmaster.pid" 2> /dev/null)" = "$1" ]; then kill -QUIT "$1"; kill -CONT "$1"; fi
  while kill -0 "$1" 2> /dev/null; do sleep 0.1; done
  rm -rf "$2"
`

function watch(pid: number, folder: string, spawning: object): ChildProcess {
  const watchdog = spawn('sh', ['-c', WATCHDOG, 'watchdog', String(pid), folder], {
    ...spawning,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watchdog.unref()
  const { stdin } = watchdog as unknown as { stdin: { unref(): void } }
  stdin.unref()
  return watchdog
}

/** `starting`, `ready`, `stopping`; null: it does not run. What pg_ctl waits for too. */
function statusIn(data: string): string | null {
  try {
    return readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[7]?.trim() || null
  } catch {
    return null
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return address.port
}

/** To the first of all too, and before the others, so that it makes no more of them. */
function signalAll(pid: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
  for (const one of [pid, ...childrenOf(pid)]) {
    try {
      process.kill(one, signal)
    } catch {
      // Gone meanwhile.
    }
  }
}

/** Its backends, and what else it started. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      // pid (name) state ppid: the name may hold anything.
      const [, ppid] = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
      return Number(ppid) === parent ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

/** What a run left whose watchdog was killed with it. */
function endStale(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
    if (owner === undefined || isAlive(Number(owner))) continue
    const folder = join(tmpdir(), name)
    try {
      const [pid = 0] = readFileSync(join(folder, 'data/postmaster.pid'), 'utf8').split('\n').map(Number)
      // Another program may have its number by now.
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)) {
        process.kill(pid, 'SIGQUIT')
        process.kill(pid, 'SIGCONT')
      }
    } catch {
      // It does not run, or is another user's.
    }
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
    } catch {
      // Another user's.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
