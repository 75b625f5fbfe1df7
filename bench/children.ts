import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** One side of a bench in a process of its own, which ends with ours. */
export type Child = {
  /** What it said first: where it listens, or that it is there. */
  began: unknown
  /** Rejects where it ends instead of answering. One question at a time. */
  ask<Answer>(question: unknown): Promise<Answer>
  end(): Promise<void>
}

/** The service's own, by which a second start need not read the program as TypeScript again: that takes memory which the process never gives back. */
const CACHE = join(import.meta.dirname, '../node_modules/.cache/postrider')

/** Starts a module of the benches as the service is started. Its log costs what it costs, and goes nowhere. */
export async function startChild(module: string, args: readonly string[]): Promise<Child> {
  const child = fork(join(import.meta.dirname, module), args, {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    // As `npm start` and the image start it.
    execArgv: ['--max-semi-space-size=8'],
    env: { ...process.env, NODE_COMPILE_CACHE: CACHE },
  })
  const gone = ended(child, module, args)
  // That it ends is no trouble when nobody asks.
  gone.catch(() => {})
  const heard = async (): Promise<unknown> => {
    const [message] = await Promise.race([once(child, 'message'), gone])
    return message
  }
  return {
    began: await heard(),
    async ask<Answer>(question: unknown) {
      child.send(question as string | object)
      return (await heard()) as Answer
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.disconnect()
      await exited
    },
  }
}

async function ended(child: ChildProcess, module: string, args: readonly string[]): Promise<never> {
  const [code, signal] = await once(child, 'exit')
  throw new Error(
    `a process of the bench ended with ${code ?? signal}; run it by hand to see why: node bench/${module} ${args.join(' ')}`,
  )
}
