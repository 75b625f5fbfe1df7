import { describe, test } from 'node:test'
import { stepClock } from './clocks.ts'
import { sqliteStage } from './disk.ts'
import { postgresStage } from './postgres-away.ts'

// Once: `npm run chaos` is the long form.
describe('a clock that is set an hour back and forward', { concurrency: true }, () => {
  test('SQLite, whose time is the service’s', async (test) => {
    test.diagnostic(JSON.stringify(await stepClock({ ...sqliteStage(), hasOwnTime: false }, 1)))
  })

  test('PostgreSQL, which has its own', async (test) => {
    test.diagnostic(JSON.stringify(await stepClock({ ...(await postgresStage()), hasOwnTime: true }, 1)))
  })
})
