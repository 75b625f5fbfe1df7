import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
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
  /** Sends the signal and resolves with the exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/** Runs one command to its end, with nothing of this process's environment but PATH. */
export async function postrider(args: readonly string[], { cwd, env = {} }: Surroundings): Promise<Ended> {
  const child = start(args, cwd, env)
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code: code as number | null, out, err }
}

/** Starts the service and resolves when it takes webhooks. Rejects with what it said where it ends instead. */
export async function startPostrider(
  args: readonly string[],
  { cwd, env = {} }: Surroundings,
): Promise<Running> {
  const child = start(args, cwd, { PORT: '0', ...env })
  const said: string[] = []
  child.stderr.pipe(testLogStream('service'))
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  const lines: string[] = []
  const output = createInterface({ input: child.stdout })
  for await (const line of output) {
    lines.push(line)
    const url = /POST (\S+)\/webhooks\//.exec(lines.join('\n'))?.[1]
    if (url !== undefined && /^Next/.test(line))
      return { process: child, url, lines, end: (signal) => end(child, signal) }
  }
  throw new Error(`the service did not start: ${said.join('')}`)
}

function start(args: readonly string[], cwd: string, env: Readonly<Record<string, string | undefined>>) {
  return spawn(process.execPath, [join(ROOT, 'bin/postrider'), ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  return child.exitCode
}
