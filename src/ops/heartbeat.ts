import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { BEAT_MS, type Instance } from '../ledger/instances.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../log.ts'

export type Heartbeat = {
  /** Until stopped; resolves when the ledger knows that this instance left. */
  run(): Promise<void>
  /** Idempotent. */
  stop(): void
  /** How many instances were at work when this one last said that it is; at least one. */
  atWork(): number
}

/** Says in the ledger, every few seconds, that this instance is at work, and has it take over what instances left behind that are gone. */
export function createHeartbeat(deps: {
  ledger: Pick<Ledger, 'beat' | 'leave'>
  instance: Omit<Instance, 'seenAt'>
  clock: Clock
  log: Log
}): Heartbeat {
  const { ledger, instance, clock, log } = deps
  const stopping = new AbortController()
  let isSaid = true
  let atWork = 1

  async function beat(): Promise<void> {
    try {
      const beaten = await ledger.beat(instance)
      isSaid = true
      atWork = beaten.atWork
      const { interrupted } = beaten
      if (interrupted === 0) return
      log.warn(
        'an instance stopped in the middle of sending; what it sent is looked for in Genesys Cloud: postrider messages list --state unconfirmed',
        { count: interrupted, state: 'unconfirmed' },
      )
    } catch (error) {
      // Once for each time that the ledger is away: whoever needs it says so too.
      if (isSaid)
        log.warn('the ledger cannot be told that this instance is at work', { error: messageOf(error) })
      isSaid = false
    }
  }

  return {
    async run() {
      while (!stopping.signal.aborted) {
        await beat()
        await clock.sleep(BEAT_MS, stopping.signal)
      }
      await ledger.leave(instance.id).catch((error: unknown) => {
        log.warn('the ledger cannot be told that this instance left', { error: messageOf(error) })
      })
    },
    stop: () => stopping.abort(),
    atWork: () => atWork,
  }
}
