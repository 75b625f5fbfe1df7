import assert from 'node:assert/strict'
import type { Config } from '../../src/config/config.ts'
import { createDriver, type Driver, modelConfig } from './driver.ts'
import { chanceFrom } from './random.ts'
import type { Said } from './reference.ts'
import { STEPS } from './steps.ts'

/** Long enough for all that can happen to a message, short enough to look at every message after every step. */
const STEPS_OF_ONE = 400
/** Ledgers at once: each waits for its disk most of the time. */
const AT_ONCE = 4
const WEIGHT = STEPS.reduce((sum, [weight]) => sum + weight, 0)

/** How often each thing came, by the first word that says so, and each answer of the last look. */
export type Walked = Record<string, number>

/**
 * Walks through a ledger and the reference by chance, a new ledger every few hundred steps, and compares them after each. The first difference throws, and says the seed of
 * that ledger and the way there: with it as `seed` the first ledger goes the same way.
 */
export async function walk(steps: number, seed: number): Promise<Walked> {
  const config = modelConfig()
  const walked: Walked = {}
  let begun = 0
  async function walkOn(): Promise<void> {
    while (begun < steps) {
      const [own, count] = [seed + begun / STEPS_OF_ONE, Math.min(STEPS_OF_ONE, steps - begun)]
      begun += STEPS_OF_ONE
      for (const said of await walkOne(count, own, config)) {
        const what = said.startsWith('open ')
          ? `open: ${said.split(': ').at(-1)}`
          : (said.split(' ')[0] ?? '')
        walked[what] = (walked[what] ?? 0) + 1
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, walkOn))
  return walked
}

/** Answers what was done, a line a step. */
async function walkOne(steps: number, seed: number, config: Config): Promise<readonly string[]> {
  const driver = await createDriver(chanceFrom(seed), config)
  const way: string[] = []
  try {
    while (way.length < steps) {
      const said = await step(driver)
      if (said === null) continue
      way.push(said)
      compare(driver)
    }
    return way
  } catch (error) {
    const from = Math.max(0, way.length - 60)
    const lastly = way.slice(from).map((said, n) => `${from + n + 1} ${said}`)
    throw new Error(`SEED=${seed}, step ${way.length} or the next:\n${lastly.join('\n')}`, { cause: error })
  } finally {
    await driver.close()
  }
}

function step(driver: Driver): Promise<string | null> {
  let left = driver.chance.share() * WEIGHT
  for (const [weight, run] of STEPS) {
    left -= weight
    if (left < 0) return run(driver)
  }
  throw new Error('no step was chosen')
}

/** As text, which is made fast: there are many messages, and hardly ever a difference. */
function compare({ kept, ref }: Driver): void {
  const [actual, expected] = [kept(), JSON.stringify(ref.messages.map(shown))]
  if (actual === expected) return
  assert.deepEqual(JSON.parse(actual), JSON.parse(expected), 'the messages after it')
  assert.fail(`${actual} is not written as ${expected}`)
}

/** A message of the reference as `kept` has it. */
function shown({ id, event, rule, state, code, dueAt, expireAt, channel, ...message }: Said): object {
  const { attempts, failures, manual: isManual, lookAt } = message
  const { name: route } = rule
  return { id, event, route, state, code, dueAt, expireAt, channel, attempts, failures, isManual, lookAt }
}
