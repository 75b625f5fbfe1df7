import { randomUUID } from 'node:crypto'
import { PostriderError } from '../../errors.ts'
import { type Call, type Calls, type Opened, perform, workOf } from '../calls.ts'
import { createGroupCommit, type GroupCommit, type Work } from '../group-commit.ts'
import { createNames } from '../names.ts'
import { serve } from '../thread.ts'
import { createAssertUsable } from '../verbs/house.ts'
import { createStore } from '../verbs/store.ts'
import { createVerbs } from '../verbs/verbs.ts'
import { type Connection, connectBridge } from './bridge.ts'
import { needsOf } from './needs.ts'
import { createRecordMany } from './record-many.ts'
import { DIALECT, preparer } from './statements.ts'
import { transactionsOf } from './transactions.ts'
import { isTrouble, ledgerError, refusalOf } from './trouble.ts'

export type Question =
  /**
   * Comes first. `owner`: what instances left behind that are gone is put in order. `hasOwnTime`: the clock of whoever asks counts, as in tests; else the database's, which all instances share.
   */
  | {
      kind: 'open'
      url: string
      owner: boolean
      now: number
      hasOwnTime: boolean
      key: Uint8Array
      /** See `transactionsOf`. */
      instance: string
      timeoutMs: number
    }
  | ({ kind: 'calls' } & Calls)

type Running = {
  connection: Connection
  group: GroupCommit
  worksOf(calls: readonly Call[]): Work<unknown>[]
  takeDue(): boolean
}

/** The thread that writes: everything that this instance changes happens here, on one connection, one transaction after another. */
serve<Question>((place) => {
  let running: Running | null = null
  return {
    answer(question) {
      if (question.kind === 'calls') {
        if (!running) throw new PostriderError('LEDGER_UNAVAILABLE', `The ledger ${place} is not open.`)
        return perform(question, running)
      }
      try {
        const started = start(place, question)
        running = started.running
        return started.opened
      } catch (error) {
        throw ledgerError(error, place)
      }
    },
    end() {
      if (!running) return
      running.group.close()
      running.connection.close()
    },
  }
})

function start(
  place: string,
  { url, owner, now, hasOwnTime, key, instance, timeoutMs }: Extract<Question, { kind: 'open' }>,
): { running: Running; opened: Opened } {
  const connection = connectBridge(url, timeoutMs)
  try {
    const clock = { at: now, now: () => clock.at }
    let isDue = false
    const dueNow = () => {
      isDue = true
    }
    const prepare = preparer(connection)
    const names = createNames(key)
    const store = createStore({
      prepare,
      dialect: DIALECT,
      clock,
      random: randomUUID,
      refusalOf,
      dueNow,
      names,
    })
    const verbs = createVerbs(store)
    const transactions = transactionsOf(connection, {
      tallies: store.tallies,
      began(now) {
        if (!hasOwnTime) clock.at = now
      },
      isDue: () => isDue,
      instance,
    })
    const group = createGroupCommit({
      transactions,
      isTrouble,
      translate: (error) => ledgerError(error, place),
      undone: () => verbs.record.forget(),
    })
    const recordMany = createRecordMany(connection, store, verbs.record)
    const running: Running = {
      connection,
      group,
      worksOf(calls) {
        const many = recordMany(calls)
        return calls.map((call) => {
          const work = workOf(call, verbs, place)
          const { together, alone = together } = work
          const at =
            <T>(run: () => T) =>
            () => {
              if (hasOwnTime) clock.at = call.now
              return run()
            }
          return { ...work, needs: needsOf(call), together: at(many.get(call) ?? together), alone: at(alone) }
        })
      },
      takeDue() {
        const due = isDue
        isDue = false
        return due
      },
    }
    transactions.begin([{ durable: true, needs: 'all' }])
    createAssertUsable({ prepare })(place)
    verbs.rememberKey(place)
    const recovered = owner ? verbs.recover.ofTheGone() : { interrupted: 0 }
    // The rate is everybody's, and what was lowered for others stays lowered.
    if (owner && verbs.instances.isAlone()) verbs.forgiveDebt()
    const keepsRefused = owner && verbs.keptDeliveries.forget()
    transactions.commit()
    return { running, opened: { ...recovered, keepsRefused } }
  } catch (error) {
    connection.close()
    throw error
  }
}
