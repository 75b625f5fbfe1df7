import { Kysely } from 'kysely'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { beginRun } from './begin-run.ts'
import { keyBeside } from './key.ts'
import type { Ledger, ReadAnew } from './ledger.ts'
import { createNames, type Names } from './names.ts'
import { createReads } from './read.ts'
import { createSeeing } from './read-access.ts'
import { createRefusedWrites } from './refused-writes.ts'
import type { Schema } from './schema.ts'
import { createFile } from './sqlite/database.ts'
import { readerDialect } from './sqlite/dialect.ts'
import { takeOwnership } from './sqlite/ownership.ts'
import { createReader } from './sqlite/reader.ts'
import { ledgerError } from './sqlite/trouble.ts'
import type { Question } from './sqlite/writer-thread.ts'
import { startWriter, type Writer } from './writer.ts'

export type SqliteOptions = {
  file: string
  clock: Clock
  log: Log
  owner: boolean
  key?: Uint8Array
  groupLimit?: number
}

/** A second's worth of requests at full speed; whoever came later is asked to come again rather than kept waiting. */
const GROUP_LIMIT = 10_000

/**
 * Opens, and creates or migrates where needed, the ledger in a file. One thread writes, another reads for operators, a third answers what takes them long, and this one,
 * which serves HTTP, waits for none of them. Rejects as `openLedger` says, with nothing left open.
 */
export async function openSqlite(options: SqliteOptions): Promise<Ledger> {
  const { file, key, clock, log, owner, groupLimit: limit = GROUP_LIMIT } = options
  createFile(file)
  let ownership: { release(): void } | null = null
  try {
    ownership = owner ? takeOwnership(file) : null
    const listeners = new Set<() => void>()
    const due = () => {
      for (const listener of listeners) listener()
    }
    const writer = await startWriter({
      module: new URL('./sqlite/writer-thread.ts', import.meta.url),
      place: file,
      opening: { kind: 'open', owner, key: key ?? null, now: clock.now() } satisfies Question,
      clock,
      limit,
      due,
    })
    if (writer.interrupted > 0) {
      log.warn(
        'messages were being sent when the service stopped and are looked for in Genesys Cloud: postrider messages list --state unconfirmed',
        { count: writer.interrupted, state: 'unconfirmed' },
      )
    }
    // The thread made it where there was none, once it had found that the file is a ledger.
    const names = createNames(key ?? keyBeside(file, false))
    return assemble(writer, listeners, { file, names, clock, log, release: () => ownership?.release() })
  } catch (error) {
    ownership?.release()
    throw ledgerError(error, file)
  }
}

function assemble(
  writer: Writer,
  listeners: Set<() => void>,
  options: Pick<SqliteOptions, 'file' | 'clock' | 'log'> & { names: Names; release(): void },
): Ledger {
  const { file, names, clock, log } = options
  const { call } = writer
  const [reader, longReader] = [createReader(file), createReader(file)]
  const db = new Kysely<Schema>({ dialect: readerDialect(reader) })
  const long = new Kysely<Schema>({ dialect: readerDialect(longReader) })
  const reads = createReads(db, clock, names, long)
  const refused = createRefusedWrites({ writer, clock, log })

  async function close(): Promise<void> {
    await refused.close()
    await reads.close()
    // Kysely closes only what it used.
    await Promise.all([reader.close(), longReader.close()])
    try {
      await writer.close()
    } finally {
      options.release()
    }
  }
  let closed: Promise<void> | null = null

  return {
    record: (entries) => call('record', entries),
    countRefused: refused.countRefused,
    keepRefused: refused.keepRefused,
    acceptRefused: (ids, request) => call('acceptRefused', ids, request),
    addPlan: (eventId, plan, read, by) => call('addPlan', eventId, plan, read ? readAnew(read) : null, by),
    claim: (request) => call('claim', request),
    renew: (lease, leaseMs) => call('renew', lease, leaseMs),
    open: (lease, draft) => call('open', lease, draft),
    settle: (attemptId, settlement) => call('settle', attemptId, settlement),
    conclude: (lease, end) => call('conclude', lease, end),
    postpone: (lease, again) => call('postpone', lease, again),
    takeBudget: (perMinute) => call('takeBudget', perMinute),
    lowerBudget: (to) => call('lowerBudget', to),
    claimLooks: (request) => call('claimLooks', request),
    settleLook: (lease, attemptId, result) => call('settleLook', lease, attemptId, result),
    settleDelivery: (lease, result) => call('settleDelivery', lease, result),
    onDue(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    pauses: () => call('pauses'),
    pause: (request) => call('pause', request),
    resume: (pauseId, by) => call('resume', pauseId, by),
    retry: (messageId, request) => call('retry', messageId, request),
    cancel: (messageId, request) => call('cancel', messageId, request),
    settleByHand: (messageId, request) => call('settleByHand', messageId, request),
    suppress: (all, refusal) => call('suppress', all, refusal),
    allow: (all, channel, by) => call('allow', all, channel, by),
    addOperator: (account, by) => call('addOperator', account, by),
    changeOperator: (name, change, by) => call('changeOperator', name, change, by),
    removeOperator: (name, by) => call('removeOperator', name, by),
    endSessions: (name, by) => call('endSessions', name, by),
    countLogin: (keys) => call('countLogin', keys),
    loginFailed: (operatorId) => call('loginFailed', operatorId),
    openSession: (request) => call('openSession', request),
    endSession: (hash) => call('endSession', hash),
    addToken: (token, by) => call('addToken', token, by),
    revokeToken: (id, by) => call('revokeToken', id, by),
    foresee: (messages, request) => call('foresee', messages, request),
    beginRun: (request) => beginRun(call, request),
    stepRun: (request) => call('stepRun', request),
    removeOld: (request) => call('removeOld', request),
    stopRun: (id, by) => call('stopRun', id, by),
    beginKey: (hash, requestHash) => call('beginKey', hash, requestHash),
    endKey: (hash, answer) => call('endKey', hash, answer),
    releaseKey: (hash) => call('releaseKey', hash),
    observe: (causes) => call('observe', causes),
    untold: () => call('untold'),
    told: (id, what) => call('told', id, what),
    tried: (id, mayHaveArrived) => call('tried', id, mayHaveArrived),
    ...createSeeing(db, clock, {
      session: (hash) => call('sessionUsed', hash),
      token: (hash) => call('tokenUsed', hash),
    }),
    bindHost: (host) => call('bindHost', host),
    expect: (sources) => call('expect', sources),
    ping: () => call('ping'),
    reads,
    close() {
      closed ??= close()
      return closed
    },
  }
}

/** Without the body and what else an event carries that was just read: it would become JSON on its way to the thread. */
function readAnew({ key, type, senderType, subject, occurredAt, keyIsUnsigned }: ReadAnew): ReadAnew {
  return { key, type, senderType, subject, occurredAt, ...(keyIsUnsigned ? { keyIsUnsigned } : {}) }
}
