import { systemClock } from '../../src/clock.ts'
import { openPurge } from '../../src/ledger/sqlite/purge.ts'
import { ANN, erasingOf } from './purging.ts'

/** Erases Ann from the ledger of its first argument, at the time of its second; says each step that is on the disk, and `done`. */
const [file = '', now] = process.argv.slice(2)
const clock = { now: () => Number(now), sleep: systemClock.sleep }
const purge = openPurge(file, { ...erasingOf(ANN), key: undefined, clock })
const { left } = await purge.erase(() => process.stdout.write('step\n'))
purge.close()
process.stdout.write(left.length === 0 ? 'done\n' : 'left\n')
