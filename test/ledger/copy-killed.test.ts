import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { contentOf, filled, open, type Places, withPlaces } from './copying.ts'
import { manualClock } from './manual-clock.ts'

const PROCESS = new URL('./copy-process.ts', import.meta.url).pathname
const ROUNDS = 5
/** A handful of rows, so that a small ledger takes many batches. */
const AT_ONCE = 3

/** Copies until so many batches were said, and kills it, wherever it is by then; answers what was said last. */
async function copyAndKill(from: string, to: string, batches: number): Promise<string> {
  const child = spawn(process.execPath, [PROCESS, from, to, String(AT_ONCE)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let [last, said] = ['', 0]
  for await (const line of createInterface({ input: child.stdout })) {
    last = line
    said += 1
    if (said === batches) child.kill('SIGKILL')
  }
  await exited
  return last
}

const PAIRS: readonly [string, (places: Places) => Promise<[string, string]>][] = [
  ['from a file into a database', async ({ file, database }) => [file(), await database()]],
  ['from a database into a file', async ({ file, database }) => [await database(), file()]],
]

for (const [words, pair] of PAIRS) {
  test(`a copy ${words} that is killed at any moment goes on where it was: nothing is lost, nothing is there twice`, () =>
    withPlaces(async (places) => {
      const [from, to] = await pair(places)
      await filled(from, manualClock())
      const content = await contentOf(from)
      const kills: number[] = []
      let last = ''
      while (last !== 'done') {
        const batches = kills.length < ROUNDS ? randomInt(1, 12) : Number.POSITIVE_INFINITY
        kills.push(batches)
        last = await copyAndKill(from, to, batches)
        assert.match(last, /^(copy|compare|done)$/)
      }
      assert.deepEqual(await contentOf(to), content, `killed after ${kills.join(', ')}`)
      assert.deepEqual(await contentOf(from), content)
      await (await open(to, manualClock())).close()
      await assert.rejects(open(from, manualClock()), { message: /was copied to/ })
    }))
}
