import { globSync } from 'node:fs'
import { test } from 'node:test'

/**
 * Runs the test files of a folder, without those below it, in this process: most of what a small one takes by itself is loading the program. So none of
 * them may change what there is once a process: its environment, its folder, Date. What a file wants `after` outside of a `describe` is done after all.
 */
export async function allOf(folder: string): Promise<void> {
  const loaded = Promise.withResolvers<void>()
  // The first of them, and the others wait for it: loading keeps the process busy, which a test of time would notice.
  test(`the files of test/${folder} are loaded`, () => loaded.promise)
  try {
    for (const file of filesOf(folder)) await import(`./${file}`)
    loaded.resolve()
  } catch (error) {
    loaded.reject(error)
  }
}

/** From test/ on, in order. */
export function filesOf(folder: string): string[] {
  return globSync(`${folder}/*.test.ts`, { cwd: import.meta.dirname }).sort()
}
