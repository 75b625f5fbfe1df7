import { describe, test } from 'node:test'
import { stepClock } from '../crash/clocks.ts'
import { fullPostgres, fullSqlite, POSTGRES_LIMITED, SQLITE_LIMITED, sqliteStage } from '../crash/disk.ts'
import { MOMENTS, POSTGRES_MOMENTS } from '../crash/moments.ts'
import { inWords, liveThrough, type Outage, type Stage } from '../crash/outages.ts'
import * as away from '../crash/postgres-away.ts'
import { postgresStage } from '../crash/postgres-away.ts'
import { killAtEveryStep } from '../crash/rounds.ts'
import { POSTGRES, SQLITE } from '../crash/sides.ts'
import { killLedgerAfter } from '../ledger/crash.ts'
import { chanceFrom } from '../model/random.ts'

/** Of each step, each outage and each ledger. */
const ROUNDS = Number(process.env.ROUNDS ?? 50)
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31)
/** While the ledger is away too. */
const STREAM = { everyMs: 250 }

killAtEveryStep(SQLITE, ROUNDS, { beside: 2 })
// Most of a round is waiting until the instance that was killed is missed.
killAtEveryStep(POSTGRES, ROUNDS, { beside: 8 })
// The three things that it does for each message, so that every round ends in another message and at another of them.
killLedgerAfter(Array.from({ length: ROUNDS }, (_, round) => 1 + round * 4))

// Most of that is waiting too.
const BESIDE = { concurrency: 4 }

describe(`a ledger that goes away ${ROUNDS} times (SEED=${SEED})`, BESIDE, () => {
  for (const outage of [away.RESTARTED, away.KILLED, away.FROZEN, away.FROZEN_SHORTLY]) {
    test(`PostgreSQL ${outage.name}`, async (test) => {
      const rounds = each(outage, POSTGRES_MOMENTS)
      test.diagnostic(
        inWords(
          await liveThrough(await postgresStage(), rounds, { ...STREAM, random: chanceFrom(SEED).share }),
        ),
      )
    })
  }

  test('PostgreSQL frozen for longer than it is waited for', async (test) => {
    const rounds = each(away.FROZEN_LONGER, MOMENTS).slice(0, Math.ceil(ROUNDS / 10))
    test.diagnostic(
      inWords(
        await liveThrough(await postgresStage(), rounds, { ...STREAM, random: chanceFrom(SEED).share }),
      ),
    )
  })

  test('PostgreSQL whose files may not grow', async (test) => {
    const stage = await postgresStage({ isDirect: true })
    test.diagnostic(
      inWords(
        await liveThrough(stage, each(POSTGRES_LIMITED, MOMENTS), {
          ...STREAM,
          random: chanceFrom(SEED).share,
        }),
      ),
    )
  })

  test('SQLite whose files may not grow', async (test) => {
    const rounds = each(SQLITE_LIMITED, MOMENTS)
    test.diagnostic(
      inWords(await liveThrough(sqliteStage(), rounds, { ...STREAM, random: chanceFrom(SEED).share })),
    )
  })

  test('SQLite on a file system that is full', async (test) => {
    const full = fullSqlite()
    if (full) await onFull(full, test)
    else test.skip('nobody may mount a file system here')
  })

  test('PostgreSQL on a file system that is full', async (test) => {
    const full = await fullPostgres()
    if (full) await onFull(full, test)
    else test.skip('nobody may mount a file system here')
  })
})

describe(`a clock that is set an hour back and forward ${ROUNDS} times`, BESIDE, () => {
  test('SQLite, whose time is the service’s', async (test) => {
    test.diagnostic(summary(await stepClock({ ...sqliteStage(), hasOwnTime: false }, ROUNDS)))
  })

  test('PostgreSQL, which has its own', async (test) => {
    test.diagnostic(summary(await stepClock({ ...(await postgresStage()), hasOwnTime: true }, ROUNDS)))
  })
})

/** Each of the moments in turn, so often in all. */
function each<S extends Stage, M>(outage: Outage<S>, moments: readonly M[]): { outage: Outage<S>; at: M }[] {
  return Array.from({ length: ROUNDS }, (_, round) => ({ outage, at: moments[round % moments.length] as M }))
}

async function onFull<S extends Stage>(
  { stage, outage }: { stage: S; outage: Outage<S> },
  test: { diagnostic(words: string): void },
): Promise<void> {
  const rounds = each(outage, MOMENTS)
  test.diagnostic(inWords(await liveThrough(stage, rounds, { ...STREAM, random: chanceFrom(SEED).share })))
}

function summary({ sentAfterMs, ...accounts }: Awaited<ReturnType<typeof stepClock>>): string {
  return JSON.stringify({ ...accounts, sentWithinMs: Math.max(...sentAfterMs) })
}
