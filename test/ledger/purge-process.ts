import { systemClock } from '../../src/clock.ts'
import { openPurge } from '../../src/ledger/open-purge.ts'
import { ANN, erasingOf } from './purging.ts'

/** Erases Ann from the ledger of its first argument (a URL), at the time of its second, with the key of its third (base64; none: what lies beside it); says each step that is on the disk, and `done`. */
const [url = '', now, base64 = ''] = process.argv.slice(2)
const key = base64 === '' ? undefined : Buffer.from(base64, 'base64')
const clock = { now: () => Number(now), sleep: systemClock.sleep }
const purge = await openPurge({ ...erasingOf(ANN), url, key, clock })
const { left } = await purge.erase(() => process.stdout.write('step\n'))
purge.close()
process.stdout.write(left.length === 0 ? 'done\n' : 'left\n')
