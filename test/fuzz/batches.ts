import fc from 'fast-check'
import { heldBytes } from './bounds.ts'

/** Cases between two looks at the memory, and between two steps of the bar. */
const BATCH = 5_000
/** Some 25 bytes a case were measured, half of them of the cases themselves; to keep one event of each would be past it within a batch. */
const MOST_GROWTH = 64 * 1024 * 1024

export type Ran = { runs: number; seed: number; ms: number; grewBytes: number }

/**
 * Holds a property over many cases of chance, in batches, each with a seed of its own that follows from `seed`: the first case that does not hold throws with its seed and what was tried. Memory must
 * stay as it was after the first batch. `onDone`: how many there were.
 */
export async function inBatches<Case>(
  options: { runs: number; seed: number },
  cases: fc.Arbitrary<Case>,
  holds: (one: Case) => Promise<void>,
  onDone: (done: number) => void = () => {},
): Promise<Ran> {
  const { runs, seed } = options
  const batch = Math.min(BATCH, Math.ceil(runs / 4))
  const begin = performance.now()
  let [atFirst, most] = [0, 0]
  for (let done = 0, n = 0; done < runs; n += 1) {
    const numRuns = Math.min(batch, runs - done)
    await fc.assert(fc.asyncProperty(cases, holds), {
      numRuns,
      seed: seed + n,
      interruptAfterTimeLimit: 600_000,
    })
    done += numRuns
    onDone(done)
    const held = await heldBytes()
    if (n === 0) atFirst = held
    else most = Math.max(most, held - atFirst)
    if (most > MOST_GROWTH) {
      throw new Error(
        `memory grew by ${most} bytes over ${done} cases (SEED=${seed}); it may by ${MOST_GROWTH}`,
      )
    }
  }
  return { runs, seed, ms: performance.now() - begin, grewBytes: most }
}
