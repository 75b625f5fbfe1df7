import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { after } from 'node:test'
import { testLogStream } from './test-log.ts'

export const ROOT = join(import.meta.dirname, '..')

export type Surroundings = { cwd: string; env?: Readonly<Record<string, string | undefined>> }
export type Ended = { code: number | null; out: string; err: string }
export type Running = {
  process: ChildProcess
  /** Where it takes webhooks, `http://127.0.0.1:41234`. */
  url: string
  /** What it printed while it started. */
  lines: readonly string[]
  /** What it logged so far. */
  logged(): string
  /** Sends the signal and resolves with the exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/** A command that has not ended by then is a service that should not have started. */
const LONGEST_MS = 60_000

/** Runs one command to its end, with nothing of this process's environment but PATH. */
export async function postrider(args: readonly string[], { cwd, env = {} }: Surroundings): Promise<Ended> {
  const child = start(args, cwd, env, LONGEST_MS)
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code: code as number | null, out, err }
}

/**
 * Starts the service and resolves when it takes webhooks and has printed the line that `until` matches. Rejects with what it said where it
 * ends instead.
 */
export async function startPostrider(
  args: readonly string[],
  { cwd, env = {} }: Surroundings,
  until = /^Next/,
): Promise<Running> {
  const child = start(args, cwd, { PORT: '0', ...env })
  const said: string[] = []
  const logged = () => said.join('')
  child.stderr.pipe(testLogStream('service'))
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  const lines: string[] = []
  const output = createInterface({ input: child.stdout })
  for await (const line of output) {
    lines.push(line)
    const url = /(?:POST|^Postrider) (http:\/\/[^/\s]+)/m.exec(lines.join('\n'))?.[1]
    if (url !== undefined && until.test(line))
      return { process: child, url, lines, logged, end: (signal) => end(child, signal) }
  }
  throw new Error(`the service did not start: ${logged()}`)
}

const children = new Set<ChildProcess>()
// A test that fails leaves its service behind.
after(() => {
  for (const child of children) child.kill('SIGKILL')
})

/** Ends what this process started and has not seen end when it is gone itself, however it ended: only then nobody holds the other end of its standard input. By then a number may be somebody else's. */
const WATCHDOG = `
  while read -r pid; do pids="$pids $pid"; done
  for pid in $pids; do case "$(tr '\\0' ' ' < "/proc/$pid/cmdline" 2> /dev/null)" in *"$1"*) kill -KILL "$pid" ;; esac; done
`
let watchdog: NodeJS.WritableStream | null = null

function watch(pid: number | undefined): void {
  if (pid === undefined || process.platform !== 'linux') return
  watchdog ??= startWatchdog()
  watchdog.write(`${pid}\n`)
}

function startWatchdog(): NodeJS.WritableStream {
  const started = spawn('sh', ['-c', WATCHDOG, 'watchdog', join(ROOT, 'bin/postrider')], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  started.unref()
  const { stdin } = started as unknown as { stdin: NodeJS.WritableStream & { unref(): void } }
  stdin.unref()
  return stdin
}

function start(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  timeout?: number,
) {
  const child = spawn(process.execPath, [join(ROOT, 'bin/postrider'), ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
  })
  children.add(child)
  watch(child.pid)
  child.once('exit', () => children.delete(child))
  return child
}

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  return child.exitCode
}
