import { systemClock } from '../../src/clock.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'
import { draft, entry, planned, SENT } from './contract/build.ts'

/**
 * A service that records, opens and settles as fast as it can, on the ledger of its first argument, until it is killed. It says a thing
 * on standard output only after the ledger acknowledged it.
 */
const ledger = await openLedger({
  url: `sqlite:${process.argv[2]}`,
  clock: systemClock,
  log: silentLog,
  owner: true,
})
const say = (what: string, id: number) => process.stdout.write(`${what} ${id}\n`)

for (let n = 0; ; n += 1) {
  const now = systemClock.now()
  const [recorded] = await ledger.record([entry(now, `${process.pid}-${n}`, [planned(now)])])
  if (recorded?.kind === 'recorded') say('recorded', recorded.messageIds[0] ?? 0)
  const { messages } = await ledger.claim({ owner: 'w', limit: 1, leaseMs: 60_000 })
  for (const { lease, message } of messages) {
    const opened = await ledger.open(lease, draft())
    if (opened.kind !== 'open') continue
    say('opened', message.id)
    await ledger.settle(opened.attempt.id, SENT)
    say('sent', message.id)
  }
}
