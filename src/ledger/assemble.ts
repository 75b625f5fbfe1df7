import type { Kysely } from 'kysely'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { beginRun } from './begin-run.ts'
import type { Ledger, ReadAnew } from './ledger.ts'
import type { Names } from './names.ts'
import { createReads } from './read.ts'
import { createSeeing } from './read-access.ts'
import { createRefusedWrites } from './refused-writes.ts'
import type { Schema } from './schema.ts'
import type { Writer } from './writer.ts'

/** What a ledger is made of: who writes, two ways of reading (one for what takes long), who is told of due messages. `release` comes last, when it is closed. */
export type Parts = {
  writer: Writer
  db: Kysely<Schema>
  long: Kysely<Schema>
  names: Names
  onDue: Ledger['onDue']
  clock: Clock
  log: Log
  /** After the last read. */
  readsClosed(): Promise<unknown>
  release(): unknown
}

/** The ledger as its callers know it (ledger.ts): writes are asked of the thread that writes, reads are made here. */
export function assemble({ writer, db, long, names, onDue, clock, log, ...parts }: Parts): Ledger {
  const { call } = writer
  const reads = createReads(db, clock, names, long)
  const refused = createRefusedWrites({ writer, clock, log })

  async function close(): Promise<void> {
    await refused.close()
    await reads.close()
    await parts.readsClosed()
    try {
      await writer.close()
    } finally {
      await parts.release()
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
    withdraw: (lease, again) => call('withdraw', lease, again),
    takeBudget: (perMinute, calls) => call('takeBudget', perMinute, calls),
    lowerBudget: (to) => call('lowerBudget', to),
    claimLooks: (request) => call('claimLooks', request),
    settleLook: (lease, attemptId, result) => call('settleLook', lease, attemptId, result),
    settleDelivery: (lease, result) => call('settleDelivery', lease, result),
    onDue,
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
    beat: (instance) => call('beat', instance),
    leave: (id) => call('leave', id),
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
