import type { Policies } from '../message.ts'
import type { GroupCommit, Work } from './group-commit.ts'
import type { Claim, Ledger, Recordable } from './ledger.ts'
import { clean, pauseOf } from './rows.ts'
import type { RunActed, RunRequest } from './run.ts'
import { toWire, type WireError } from './thread.ts'
import type { RefusedCount } from './verbs/refused.ts'
import type { KeptDelivery } from './verbs/refused-deliveries.ts'
import type { createVerbs } from './verbs/verbs.ts'
import { joinBodies, numberIn, partBodies, policiesOfText } from './wire.ts'

/** What the thread that writes can be asked to do, by the names of the ledger's own functions where there is one. */
export type Verbs = Pick<
  {
    [Verb in keyof Ledger]: Ledger[Verb] extends (...args: infer A) => Promise<infer T>
      ? (...args: A) => T
      : never
  },
  | 'record'
  | 'acceptRefused'
  | 'addPlan'
  | 'claim'
  | 'renew'
  | 'open'
  | 'settle'
  | 'conclude'
  | 'postpone'
  | 'withdraw'
  | 'takeBudget'
  | 'lowerBudget'
  | 'claimLooks'
  | 'settleLook'
  | 'settleDelivery'
  | 'pauses'
  | 'pause'
  | 'resume'
  | 'retry'
  | 'cancel'
  | 'settleByHand'
  | 'suppress'
  | 'allow'
  | 'bindHost'
  | 'expect'
  | 'ping'
  | 'addOperator'
  | 'changeOperator'
  | 'removeOperator'
  | 'endSessions'
  | 'countLogin'
  | 'loginFailed'
  | 'openSession'
  | 'endSession'
  | 'addToken'
  | 'revokeToken'
  | 'foresee'
  | 'removeOld'
  | 'stepRun'
  | 'stopRun'
  | 'beginKey'
  | 'endKey'
  | 'releaseKey'
  | 'observe'
  | 'untold'
  | 'told'
  | 'tried'
  | 'beat'
  | 'leave'
> & {
  prepareRun(request: Omit<RunRequest, 'messageIds' | 'attempts'>): number
  fillRun(id: number, messageIds: readonly number[], attempts: readonly number[] | null): void
  startRun(id: number): RunActed
  writeRefused(counts: readonly RefusedCount[]): void
  writeRefusedDeliveries(deliveries: readonly KeptDelivery[]): void
  forgetRefused(): boolean
  sessionUsed(hash: string): void
  tokenUsed(hash: string): void
}

export type Verb = keyof Verbs
/** `now`: the time of the ledger's clock, which lives in the other thread. */
export type Call = { [V in Verb]: { verb: V; now: number; args: Parameters<Verbs[V]> } }[Verb]
/** A call without an answer (`ping`) has neither. */
export type Outcome = { value?: unknown; error?: WireError }

/**
 * `calls`: JSON of `Call[]`, which is faster to make and to read than a structured clone. `bodies`: those in them, in order, one after the other; in their places are their lengths. `policies`: of the
 * messages in them, each once, as JSON; in their places is which one.
 */
export type Calls = { calls: string; bodies: Uint8Array<ArrayBuffer>; policies: readonly string[] }
/** `keepsRefused`: refused deliveries are kept, which have to go in time. */
export type Opened = { interrupted: number; keepsRefused: boolean }
/**
 * `outcomes`: JSON of `Outcome[]` in the order of the calls. `bodies`: of the events that were claimed, as in `Calls`. `isDue`: messages are due
 * since the last answer.
 */
export type Answers = { outcomes: string; bodies: Uint8Array<ArrayBuffer>; isDue: boolean }

/** Does what was asked, all in one transaction where nothing fails. */
export async function perform(
  question: Calls,
  {
    group,
    worksOf,
    takeDue,
  }: { group: GroupCommit; worksOf(calls: readonly Call[]): Work<unknown>[]; takeDue(): boolean },
): Promise<Answers> {
  const calls = unpacked(question)
  const outcomes = await Promise.all(
    worksOf(calls).map((work) =>
      group.commit(work).then(
        (value): Outcome => ({ value }),
        (error: unknown): Outcome => ({ error: toWire(error) }),
      ),
    ),
  )
  const claimed: Uint8Array[] = []
  calls.forEach(({ verb }, n) => {
    const outcome = outcomes[n]
    if (verb === 'claim' && outcome?.value) outcome.value = withoutBodies(outcome.value as Claim, claimed)
  })
  return { outcomes: JSON.stringify(outcomes), bodies: joinBodies(claimed), isDue: takeDue() }
}

/** Takes the bodies of the events out of what becomes JSON. */
function withoutBodies({ messages, probe }: Claim, bodies: Uint8Array[]) {
  const without = messages.map((one) => {
    bodies.push(one.event.raw)
    return { ...one, event: { ...one.event, raw: one.event.raw.length } }
  })
  return { messages: without, probe }
}

/** Puts back what `writer.ts` took out. */
function unpacked({ calls: json, bodies, policies: texts }: Calls): Call[] {
  const calls = JSON.parse(json) as Call[]
  const body = partBodies(bodies)
  const policies = texts.map(policiesOfText)
  for (const call of calls) {
    if (call.verb === 'record') for (const entry of call.args[0]) unpack(entry, body, policies)
    if (call.verb === 'writeRefusedDeliveries') {
      for (const delivery of call.args[0]) {
        if (delivery.body !== null) delivery.body = body(numberIn(delivery.body))
      }
    }
  }
  return calls
}

function unpack(entry: Recordable, body: (length: number) => Buffer, policies: readonly Policies[]): void {
  entry.event.raw = body(numberIn(entry.event.raw))
  if (entry.kind === 'unreadable') return
  for (const message of entry.plan.messages) {
    const own = policies[numberIn(message.policies)]
    if (!own) throw new Error('a message came without its policies')
    message.policies = own
  }
}

/** `place`: what an error calls the ledger. */
export function workOf(call: Call, verbs: ReturnType<typeof createVerbs>, place: string): Work<unknown> {
  switch (call.verb) {
    case 'record': {
      const [entries] = call.args as [readonly Recordable[]]
      return { together: () => verbs.record.together(entries), alone: () => verbs.record.apart(entries) }
    }
    case 'addPlan':
      return { together: () => verbs.addPlan(...call.args) }
    case 'claim':
      return { together: () => verbs.claim(...call.args) }
    case 'renew':
      return { together: () => verbs.leases.renew(...call.args) }
    case 'open':
      return { together: () => verbs.open(...call.args) }
    case 'settle':
      return { together: () => verbs.settle(...call.args) }
    case 'conclude':
      return { together: () => verbs.leases.conclude(...call.args) }
    case 'postpone':
      return { together: () => verbs.leases.postpone(...call.args) }
    case 'withdraw':
      return { together: () => verbs.withdraw(...call.args) }
    case 'takeBudget':
      return { together: () => verbs.takeBudget(...call.args), durable: false }
    case 'lowerBudget':
      return { together: () => verbs.lowerBudget(...call.args), durable: false }
    case 'claimLooks':
      return { together: () => verbs.claimLooks(...call.args) }
    case 'settleLook':
      return { together: () => verbs.settleLook(...call.args) }
    case 'settleDelivery':
      return { together: () => verbs.settleDelivery(...call.args) }
    case 'pauses':
      return { together: () => verbs.pauses.standing(call.now).map(pauseOf), durable: false }
    case 'pause':
      return { together: () => verbs.pauses.pause(...call.args) }
    case 'resume':
      return { together: () => verbs.pauses.resume(...call.args) }
    case 'retry':
      return { together: () => verbs.operators.retry(...call.args) }
    case 'cancel':
      return { together: () => verbs.operators.cancel(...call.args) }
    case 'settleByHand':
      return { together: () => verbs.operators.settleByHand(...call.args) }
    case 'suppress':
      return { together: () => verbs.suppressions.suppress(...call.args) }
    case 'allow':
      return { together: () => verbs.suppressions.allow(...call.args) }
    case 'addOperator':
      return { together: () => verbs.access.accounts.add(...call.args) }
    case 'changeOperator':
      return { together: () => verbs.access.accounts.change(...call.args) }
    case 'removeOperator':
      return { together: () => verbs.access.accounts.remove(...call.args) }
    case 'endSessions':
      return { together: () => verbs.access.accounts.endSessions(...call.args) }
    case 'countLogin':
      return { together: () => verbs.access.logins.count(...call.args), durable: false }
    case 'loginFailed':
      return { together: () => verbs.access.logins.failed(...call.args) }
    case 'openSession':
      return { together: () => verbs.access.sessions.open(...call.args) }
    case 'endSession':
      return { together: () => verbs.access.sessions.end(...call.args) }
    case 'sessionUsed':
      return { together: () => verbs.access.sessions.seen(...call.args), durable: false }
    case 'addToken':
      return { together: () => verbs.access.tokens.add(...call.args) }
    case 'revokeToken':
      return { together: () => verbs.access.tokens.revoke(...call.args) }
    case 'tokenUsed':
      return { together: () => verbs.access.tokens.used(...call.args), durable: false }
    case 'foresee':
      return { together: () => verbs.foresee(...call.args), durable: false }
    case 'prepareRun':
      return { together: () => verbs.runs.prepare(...call.args) }
    case 'fillRun':
      return { together: () => verbs.runs.fill(...call.args) }
    case 'startRun':
      return { together: () => verbs.runs.begin(...call.args) }
    case 'removeOld':
      return { together: () => verbs.removeOld(...call.args) }
    case 'stepRun':
      return { together: () => verbs.runs.step(...call.args) }
    case 'stopRun':
      return { together: () => verbs.runs.stop(...call.args) }
    case 'beginKey':
      return { together: () => verbs.idempotency.begin(...call.args) }
    case 'endKey':
      return { together: () => verbs.idempotency.end(...call.args) }
    case 'releaseKey':
      return { together: () => verbs.idempotency.release(...call.args) }
    case 'observe':
      return { together: () => verbs.notices.observe(...call.args) }
    case 'untold':
      return { together: () => verbs.notices.untold(), durable: false }
    case 'told':
      return { together: () => verbs.notices.told(...call.args) }
    case 'tried':
      return { together: () => verbs.notices.tried(...call.args) }
    case 'beat':
      return { together: () => verbs.instances.beat(...call.args), durable: false }
    case 'leave':
      return { together: () => verbs.instances.leave(...call.args) }
    case 'bindHost':
      return { together: () => verbs.bindHost(clean(call.args[0]), place) }
    case 'expect':
      return { together: () => verbs.expect(...call.args) }
    case 'ping':
      return { together: () => verbs.ping() }
    case 'writeRefused':
      return { together: () => verbs.writeRefused(...call.args) }
    case 'writeRefusedDeliveries':
      return { together: () => verbs.keptDeliveries.write(...call.args) }
    case 'forgetRefused':
      return { together: () => verbs.keptDeliveries.forget() }
    case 'acceptRefused':
      return { together: () => verbs.keptDeliveries.accept(...call.args) }
  }
}
