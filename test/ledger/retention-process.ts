import { systemClock } from '../../src/clock.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'

/** Removes what is old from the ledger of its first argument, a few rows a step, at the time of its second; says each step after the ledger acknowledged it, and `done` at the round's end. */
const [file, now] = process.argv.slice(2)
const clock = { ...systemClock, now: () => Number(now) }
const ledger = await openLedger({ url: `sqlite:${file}`, clock, log: silentLog, owner: true })
const DAY = 86_400_000
for (;;) {
  const { more } = await ledger.removeOld({ payloadMs: 30 * DAY, rowsMs: 365 * DAY, limit: 3 })
  process.stdout.write(more ? 'step\n' : 'done\n')
  if (!more) break
}
await ledger.close()
