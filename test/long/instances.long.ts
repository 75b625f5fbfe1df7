import { test } from 'node:test'
import { liveWithInstances } from '../crash/instances.ts'
import { assertRate } from '../crash/rate.ts'

const PLAN = {
  instances: 4,
  events: Number(process.env.EVENTS ?? 50_000),
  customers: 1_000,
  ratePerMinute: Number(process.env.RATE ?? 3_000),
  cap: 55,
  postedPerSecond: 150,
  killEveryMs: 20_000,
  seed: Number(process.env.SEED ?? Date.now() % 2 ** 31),
}

test(`four instances on one PostgreSQL, ${PLAN.events} events, killed at random`, async (test) => {
  test.diagnostic(`SEED=${PLAN.seed}`)
  const report = await liveWithInstances(PLAN)
  test.diagnostic(JSON.stringify(report))
  assertRate(report)
})
