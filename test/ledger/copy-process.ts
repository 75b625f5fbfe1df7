import { systemClock } from '../../src/clock.ts'
import { copyLedger } from '../../src/ledger/copy/copy.ts'
import { TEST_KEY } from './postgres-harness.ts'

/** Copies the ledger of its first argument into that of its second, so many rows at once as its third says; says each batch that is committed, and `done`. */
const [from = '', to = '', atOnce] = process.argv.slice(2)
await copyLedger({
  from,
  to,
  key: TEST_KEY,
  clock: systemClock,
  atOnce: Number(atOnce),
  progress: (step) => process.stdout.write(`${step}\n`),
})
process.stdout.write('done\n')
