import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Ledger } from './ledger.ts'
import { createRefusedCounts } from './verbs/refused.ts'
import { createRefusedDeliveries } from './verbs/refused-deliveries.ts'
import type { Writer } from './writer.ts'

const FLUSH_MS = 1_000
/** How often those that were kept long enough are deleted where no new ones come. */
const FORGET_MS = 3_600_000

/** What is refused, on its way to the disk: nobody waits for it, and it is there within a second, or when `close` resolves. */
export function createRefusedWrites(options: {
  writer: Writer
  clock: Clock
  log: Log
}): Pick<Ledger, 'countRefused' | 'keepRefused'> & { close(): Promise<void> } {
  const { writer, clock, log } = options
  const closing = new AbortController()
  const counts = createRefusedCounts({ clock })
  const deliveries = createRefusedDeliveries()

  async function flush(): Promise<void> {
    const [counted, kept] = [counts.drain(), deliveries.drain()]
    await Promise.all([
      ...(counted.length > 0
        ? [written(writer.call('writeRefused', counted), () => counts.putBack(counted))]
        : []),
      ...(kept.length > 0
        ? [written(writer.call('writeRefusedDeliveries', kept), () => deliveries.putBack(kept))]
        : []),
    ])
    if (kept.length > 0 && !closing.signal.aborted) forgetting ??= forgetInTime()
  }
  async function written(write: Promise<void>, putBack: () => void): Promise<void> {
    try {
      await write
    } catch (error) {
      putBack()
      log.warn('refused deliveries are not written yet', { error: messageOf(error) })
    }
  }

  let isDue = false
  const flushes = new Set<Promise<void>>()
  async function flushLater(): Promise<void> {
    await clock.sleep(FLUSH_MS, closing.signal)
    // What comes while this is written has a second of its own.
    isDue = false
    await flush()
  }
  function soon(): void {
    if (isDue || closing.signal.aborted) return
    isDue = true
    const one = flushLater().finally(() => flushes.delete(one))
    flushes.add(one)
  }

  /** Writing deletes what is too old as well; where nothing is refused any more, it has to go all the same. */
  async function forgetInTime(): Promise<void> {
    for (;;) {
      await clock.sleep(FORGET_MS, closing.signal)
      if (closing.signal.aborted) return
      try {
        await writer.call('forgetRefused')
      } catch (error) {
        log.warn('refused deliveries are not deleted yet', { error: messageOf(error) })
      }
    }
  }
  let forgetting = writer.keepsRefused ? forgetInTime() : null

  return {
    countRefused(source, reason) {
      counts.add(source, reason)
      soon()
    },
    keepRefused(delivery) {
      deliveries.add(delivery)
      soon()
    },
    async close() {
      closing.abort()
      await Promise.all(flushes)
      await flush()
      await forgetting
    },
  }
}
