import { PostriderError } from '../errors.ts'

/** A database whose transactions are synchronous: nothing is awaited inside one. */
export type Transactions = {
  /** Of a transaction for this work. Where any of it is durable, what is committed must be on disk when `commit` returns. */
  begin(group: readonly Pick<Work<unknown>, 'durable' | 'needs'>[]): void
  commit(): void
  /** Must not throw, whatever state the transaction is in. */
  rollback(): void
  savepoint(): void
  releaseSavepoint(): void
  rollbackToSavepoint(): void
}

/** A change of the database. Runs together with others, and again alone where one of them fails: repeatable and synchronous. */
export type Work<T> = {
  together(): T
  /** In a savepoint of its own; the same as `together` by default. */
  alone?(): T
  /** False: it may be lost with the power. True by default. */
  durable?: boolean
  /** What it must have to itself where several transactions run at once; everything by default. */
  needs?: Needs
}

/**
 * What a transaction must have to itself: a list of names, each of which one transaction has at a time (none: it goes with all others); or all, so that nothing else is written meanwhile.
 */
export type Needs = readonly string[] | 'all'

export type GroupCommit = {
  /**
   * Runs the work in a transaction that it shares with all other work of this turn of the event loop; resolves with its value when the
   * commit is on disk. Where anything in the group throws, all is undone and each runs once more, `alone` in a savepoint of its own: only
   * what throws again rejects.
   */
  commit<T>(work: Work<T>): Promise<T>
  /** Commits what waits, then refuses everything. */
  close(): void
}

type Waiting = {
  attempt(how: 'together' | 'alone'): () => void
  work: Pick<Work<unknown>, 'durable' | 'needs'>
  reject(error: unknown): void
}

/**
 * One fsync for everybody who came in the same turn. Errors for which `isTrouble` holds are the database's own and reject the whole group.
 * `translate` makes what callers get.
 */
export function createGroupCommit(options: {
  transactions: Transactions
  isTrouble(error: unknown): boolean
  translate(error: unknown): unknown
  /** After a whole transaction or one savepoint was undone. */
  undone(): void
}): GroupCommit {
  const { transactions, isTrouble, translate } = options
  let waiting: Waiting[] = []
  let closed = false

  function commit<T>(work: Work<T>): Promise<T> {
    const { together, alone = together } = work
    return new Promise<T>((resolve, reject) => {
      if (closed) return reject(new PostriderError('LEDGER_UNAVAILABLE', 'The ledger is closed.'))
      if (waiting.length === 0) setImmediate(flush)
      waiting.push({
        attempt(how) {
          const value = how === 'together' ? together() : alone()
          return () => resolve(value)
        },
        work,
        reject,
      })
    })
  }

  function flush(): void {
    const group = waiting
    waiting = []
    if (group.length === 0) return
    let answers: (() => void)[]
    try {
      answers = together(group)
    } catch (error) {
      undo()
      if (isTrouble(error)) rejectAll(group, error)
      else apart(group)
      return
    }
    for (const answer of answers) answer()
  }

  function begin(group: readonly Waiting[]): void {
    transactions.begin(group.map(({ work }) => work))
  }

  function together(group: readonly Waiting[]): (() => void)[] {
    begin(group)
    const answers = group.map((one) => one.attempt('together'))
    transactions.commit()
    return answers
  }

  function apart(group: readonly Waiting[]): void {
    const answers: (() => void)[] = []
    try {
      begin(group)
      for (const one of group) answers.push(inSavepoint(one))
      transactions.commit()
    } catch (error) {
      undo()
      rejectAll(group, error)
      return
    }
    for (const answer of answers) answer()
  }

  function inSavepoint(one: Waiting): () => void {
    transactions.savepoint()
    try {
      const answer = one.attempt('alone')
      transactions.releaseSavepoint()
      return answer
    } catch (error) {
      if (isTrouble(error)) throw error
      transactions.rollbackToSavepoint()
      transactions.releaseSavepoint()
      options.undone()
      return () => one.reject(translate(error))
    }
  }

  function undo(): void {
    transactions.rollback()
    options.undone()
  }

  function rejectAll(group: readonly Waiting[], error: unknown): void {
    const translated = translate(error)
    for (const one of group) one.reject(translated)
  }

  return {
    commit,
    close() {
      flush()
      closed = true
    },
  }
}
