import { after, before, describe, test } from 'node:test'
import { type ServerProcess, startServer } from '../ledger/postgres/server-process.ts'
import { loseAnswersToCommits } from './commits.ts'
import { breakConnections } from './connections.ts'
import { POSTGRES_LIMITED, SQLITE_LIMITED, sqliteStage } from './disk.ts'
import { BEFORE_OPEN, SENDING, WAITING } from './moments.ts'
import { inWords, liveThrough } from './outages.ts'
import { FROZEN, KILLED, postgresStage, RESTARTED } from './postgres-away.ts'

// Once each: `npm run chaos` is the long form.
const ONCE = { everyMs: null, random: () => 0 }

describe('a ledger that goes away', { concurrency: true }, () => {
  test('PostgreSQL restarted, killed, frozen and without room: the service goes on', async (test) => {
    const rounds = [
      { outage: RESTARTED, at: SENDING },
      { outage: KILLED, at: WAITING },
      { outage: FROZEN, at: BEFORE_OPEN },
      { outage: POSTGRES_LIMITED, at: SENDING },
    ]
    test.diagnostic(inWords(await liveThrough(await postgresStage({ isDirect: true }), rounds, ONCE)))
  })

  test('SQLite without room: the service goes on', async (test) => {
    const rounds = [{ outage: SQLITE_LIMITED, at: SENDING }]
    test.diagnostic(inWords(await liveThrough(sqliteStage(), rounds, ONCE)))
  })

  describe('PostgreSQL under a ledger', { concurrency: 1 }, () => {
    let server: ServerProcess
    before(async () => {
      server = await startServer()
    })
    after(() => server.stop('fast'))
    loseAnswersToCommits(() => server)
    breakConnections(() => server)
  })
})
