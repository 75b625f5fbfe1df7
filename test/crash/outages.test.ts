import { test } from 'node:test'
import { loseAnswersToCommits } from './commits.ts'
import { BEFORE_OPEN, SENDING, WAITING } from './moments.ts'
import { FROZEN, inWords, KILLED, liveThrough, RESTARTED } from './outages.ts'

// Once each: `npm run chaos` is the long form.
test('a service on PostgreSQL goes on where the server is restarted, killed and frozen', async (test) => {
  const rounds = [
    { outage: RESTARTED, at: SENDING },
    { outage: KILLED, at: WAITING },
    { outage: FROZEN, at: BEFORE_OPEN },
  ]
  const report = await liveThrough(rounds, { everyMs: null, random: () => 0 })
  test.diagnostic(inWords(report))
})

loseAnswersToCommits()
