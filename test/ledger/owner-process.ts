import { systemClock } from '../../src/clock.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'

/** A process that owns the ledger of its first argument until its standard input ends. */
const ledger = await openLedger({
  url: `sqlite:${process.argv[2]}`,
  clock: systemClock,
  log: silentLog,
  owner: true,
})
process.stdout.write('owned\n')
process.stdin.resume()
process.stdin.once('end', () => {
  void ledger.close()
})
