import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import { LOCK_ALL } from '../../src/ledger/postgres/transactions.ts'
import type { Moment, Stage } from './outages.ts'
import type { PostgresStage } from './postgres-away.ts'

export const ANY_TIME: Moment<Stage> = {
  name: 'at any time',
  async reach({ random }) {
    await wait(random() * 1_000)
    return {}
  },
}

/** Somebody else has the ledger to themselves, so that nothing is written. */
export const WAITING: Moment<PostgresStage> = {
  name: 'while requests wait for their commit',
  async reach({ scene, url }) {
    const lock = new Client({ connectionString: url })
    lock.on('error', () => {})
    await lock.connect()
    await lock.query(`BEGIN; ${LOCK_ALL}`)
    const posted = Promise.all([scene.post(), scene.post(), scene.post()])
    while (
      (await lock.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`)).rowCount === 0
    )
      await wait(5)
    return {
      // Whoever is frozen hears it when it is back.
      meanwhile: () => void lock.end(),
      afterwards: () => posted,
    }
  },
}

export const BEFORE_OPEN: Moment<Stage> = {
  name: 'before open, which comes afterwards',
  async reach({ scene }) {
    const lookup = scene.gateway.hold('lookup')
    const posted = scene.post()
    const held = await lookup
    return {
      async afterwards() {
        // Who waited too long for it does not take it any more.
        void (await held.forward()).pass()
        await posted
      },
    }
  },
}

export const AT_OPEN: Moment<Stage> = {
  name: 'before open, which comes meanwhile',
  async reach({ scene }) {
    const lookup = scene.gateway.hold('lookup')
    const posted = scene.post()
    const held = await lookup
    return {
      meanwhile: async () => void (await held.forward()).pass(),
      afterwards: () => posted,
    }
  },
}

export const SENDING: Moment<Stage> = {
  name: 'between open and settle',
  async reach({ scene }) {
    const message = scene.gateway.hold('message')
    const posted = scene.post()
    const answered = await (await message).forward()
    return {
      meanwhile: () => void answered.pass(),
      afterwards: () => posted,
    }
  },
}

/** Of whichever commit comes: of a receipt, a claim, an open attempt, an outcome. */
export const UNHEARD_COMMIT: Moment<PostgresStage> = {
  name: 'at a commit that it does not hear',
  async reach({ scene, wire }) {
    const commit = wire.holdCommit()
    const posted = scene.post()
    const held = await commit
    return { meanwhile: held.end, afterwards: () => posted }
  },
  isShort: true,
}

export const UNANSWERED_COMMIT: Moment<PostgresStage> = {
  name: 'at a commit that it does not answer',
  async reach({ scene, wire }) {
    const commit = wire.holdCommit()
    const posted = scene.post()
    const held = await commit
    await held.forward()
    return { meanwhile: held.end, afterwards: () => posted }
  },
  isShort: true,
}

export const MOMENTS: readonly Moment<Stage>[] = [ANY_TIME, BEFORE_OPEN, AT_OPEN, SENDING]
export const POSTGRES_MOMENTS: readonly Moment<PostgresStage>[] = [
  ...MOMENTS,
  WAITING,
  UNHEARD_COMMIT,
  UNANSWERED_COMMIT,
]
