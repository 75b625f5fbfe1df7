import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Milliseconds that one step may take; on the wall it may be longer, where the machine does something else. */
export const LONGEST_MS = 500

/** Runs a step and throws where it takes too long each of three times: one long time may be another process's, or the collector's. */
export async function inTime<T>(what: string, step: () => T | Promise<T>, mostMs = LONGEST_MS): Promise<T> {
  let least = Number.POSITIVE_INFINITY
  for (let n = 0; n < 3; n += 1) {
    const begin = performance.now()
    const result = await step()
    least = Math.min(least, performance.now() - begin)
    if (least < mostMs) return result
  }
  throw new Error(`${what} took ${Math.round(least)} ms at its fastest, and may take ${mostMs}`)
}

const BUILT_IN = [
  Object,
  Array,
  Function,
  String,
  Number,
  Boolean,
  Map,
  Set,
  Promise,
  Buffer,
  RegExp,
  Date,
  Error,
]
const propertiesOf = ({ prototype }: { prototype: object }) => Reflect.ownKeys(prototype).length
const counts = BUILT_IN.map(propertiesOf)

/** Throws where somebody added to what all objects have, or took from it. */
export function assertUnpolluted(): void {
  const bad = BUILT_IN.filter((one, n) => propertiesOf(one) !== counts[n])
  if (bad.length > 0) throw new Error(`${bad.map(({ name }) => `${name}.prototype`).join(', ')} changed`)
}

let collect: (() => void) | null = null

/** What is in use after everything that can go has gone: bytes. The memory of buffers goes a turn after their objects. */
export async function heldBytes(): Promise<number> {
  if (collect === null) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  for (let n = 0; n < 3; n += 1) {
    collect()
    await setImmediate()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
