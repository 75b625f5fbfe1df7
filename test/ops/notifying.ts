import type { Ledger, PauseRequest } from '../../src/ledger/ledger.ts'
import type { Expected } from '../../src/ops/attention.ts'
import { createNotifier } from '../../src/ops/notify/notifier.ts'
import type { ManualClock } from '../manual-clock.ts'
import { testLog } from '../test-log.ts'
import type { Receiver } from './receiver.ts'

export const SECRET = 'whsec_dGhpcyBpcyBhIHNlY3JldCBvZiB0ZXN0cw=='

export const BRAKE: PauseRequest = {
  scope: 'route',
  name: 'greet',
  code: 'brake',
  reason: 'More than 3 messages in 1h. Ask ann@example.com or +1 317 555 0100.',
  forMs: null,
  probes: 0,
  by: 'postrider',
}

/** A clock that tells when its two loops rest: the one that tells for a second, the one that looks for ten. Time may go on only then. */
function watchNaps(clock: ManualClock) {
  const naps: { ms: number; signal: AbortSignal | undefined }[] = []
  const waiting = new Set<{ isSo: () => boolean; resolve: () => void }>()
  const tells = () => naps.filter(({ ms }) => ms === 1_000)
  return {
    tells: () => tells().length,
    // A post waits for ten seconds too, with a signal of its own.
    looks: () => naps.filter(({ ms, signal }) => ms === 10_000 && signal === tells()[0]?.signal).length,
    until: (isSo: () => boolean) =>
      new Promise<void>((resolve) => {
        if (isSo()) resolve()
        else waiting.add({ isSo, resolve })
      }),
    clock: {
      now: clock.now,
      sleep(ms: number, signal?: AbortSignal) {
        naps.push({ ms, signal })
        const asleep = clock.sleep(ms, signal)
        for (const one of waiting) if (one.isSo()) one.resolve()
        return asleep
      },
    },
  }
}

/** A notifier that runs until the test's end. `pass`: so many seconds go by, and all is done that is to be done in each. */
export async function startNotifier({
  ledger,
  receiver,
  clock,
  secret = SECRET,
  expected = [],
}: {
  ledger: Ledger
  receiver: Receiver
  clock: ManualClock
  secret?: string
  expected?: Expected[]
}) {
  const naps = watchNaps(clock)
  const notifier = createNotifier({
    ledger,
    receiver: { url: receiver.url, secret },
    expected,
    clock: naps.clock,
    log: testLog(),
  })
  const startedAt = clock.now()
  const running = notifier.run()
  const looked = () => naps.until(() => naps.looks() > Math.floor((clock.now() - startedAt) / 10_000))
  const told = (times: number) => naps.until(() => naps.tells() >= times)
  await looked()
  await told(1)
  const stop = async () => {
    notifier.stop()
    await running
  }
  return {
    stop,
    async pass(seconds: number) {
      for (let n = 0; n < seconds; n += 1) {
        const tells = naps.tells()
        await clock.advance(1_000)
        await told(tells + 1)
        await looked()
      }
    },
    /** Until a receiver that hangs is given up: it is looked meanwhile. */
    async passHanging(seconds: number) {
      const tells = naps.tells()
      await clock.advance(seconds * 1_000)
      await looked()
      await told(tells + 1)
    },
    [Symbol.asyncDispose]: stop,
  }
}
