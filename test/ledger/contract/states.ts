import assert from 'node:assert/strict'
import { describe } from 'node:test'
import fc from 'fast-check'
import type { Claim, Ledger } from '../../../src/ledger/ledger.ts'
import { MESSAGE_STATES, type MessageState, TRANSITIONS } from '../../../src/message.ts'
import type { Harness } from '../contract.ts'
import {
  claimAll,
  draft,
  failed,
  messageWith,
  onLedger,
  openOne,
  SENT,
  schedule,
  UNCONFIRMED,
} from './build.ts'

/** Brings the one message of a ledger into a state by what the ledger itself offers. */
const REACH: Record<MessageState, (ledger: Ledger, id: number) => Promise<unknown>> = {
  scheduled: async () => {},
  sending: (ledger) => openOne(ledger),
  sent: async (ledger) => ledger.settle((await openOne(ledger)).id, SENT),
  failed: async (ledger) => ledger.settle((await openOne(ledger)).id, failed(null)),
  unconfirmed: async (ledger) => ledger.settle((await openOne(ledger)).id, UNCONFIRMED),
  skipped: async (ledger) =>
    ledger.open((await claimAll(ledger))[0]?.lease ?? NONE, draft({ mode: 'shadow' })),
  cancelled: (ledger, id) => ledger.cancel(id, { by: 'ann', reason: null }),
}
const NONE = { messageId: 0, owner: '', token: '' }

export function states(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('states', () => {
    for (const from of MESSAGE_STATES) {
      on(`from ${from} the database itself allows what the table allows`, async (ledger, harness) => {
        for (const to of [...MESSAGE_STATES, 'lost']) {
          const id = await schedule(ledger, harness)
          await REACH[from](ledger, id)
          assert.equal((await messageWith(ledger, id)).state, from)
          const refusal = harness.forceState(id, to)
          const isLegal = to === from || TRANSITIONS[from].some((state) => state === to)
          assert.equal(refusal === null, isLegal, `${from} → ${to}: ${refusal}`)
          // Out of the way of the next one.
          await ledger.cancel(id, { by: 'ann', reason: null })
        }
      })
    }

    on(
      'whatever is done in whatever order, a message only ever moves along the table',
      async (ledger, harness) => {
        await fc.assert(
          fc.asyncProperty(fc.array(fc.constantFrom(...ACTIONS), { maxLength: 25 }), async (actions) => {
            const id = await schedule(ledger, harness, { expireAt: harness.clock.now() + 30_000 })
            const held: Held = { id, claims: [], attempts: [] }
            let before = await messageWith(ledger, id)
            for (const action of actions) {
              await action(ledger, held, harness)
              const after = await messageWith(ledger, id)
              const isLegal = after.state === before.state || isReachable(before.state, after.state)
              assert.ok(isLegal, `${before.state} → ${after.state}`)
              const attempts = await ledger.reads.attempts(id)
              const open = attempts.filter(({ outcome }) => outcome === 'open').length
              assert.equal(open, after.state === 'sending' ? 1 : 0)
              assert.equal(attempts.length, after.attempts)
              assert.ok(
                attempts.filter(({ outcome }) => outcome === 'sent').length <= 1 || after.manualBy !== null,
              )
              before = after
            }
            harness.clock.advance(60_000)
            await ledger.cancel(id, { by: 'ann', reason: null })
          }),
          { numRuns: 40 },
        )
      },
    )
  })
}

type Held = { id: number; claims: Claim['messages'][number]['lease'][]; attempts: number[] }
type Action = (ledger: Ledger, held: Held, harness: Harness) => Promise<unknown>

/** Each acts with the latest lease or attempt, whatever became of it: most of them are too late. */
const ACTIONS: readonly Action[] = [
  async (ledger, held) => {
    for (const { lease, message } of await claimAll(ledger)) {
      if (message.id === held.id) held.claims.push(lease)
    }
  },
  async (ledger, held) => {
    const opened = await ledger.open(held.claims.at(-1) ?? NONE, draft())
    if (opened.kind === 'open') held.attempts.push(opened.attempt.id)
  },
  async (ledger, held) => ledger.open(held.claims[0] ?? NONE, draft({ mode: 'shadow' })),
  async (ledger, held) =>
    ledger.conclude(held.claims.at(-1) ?? NONE, { state: 'failed', code: 'x', reason: 'y' }),
  async (ledger, held) => ledger.postpone(held.claims.at(-1) ?? NONE, { inMs: 0, code: null, reason: null }),
  async (ledger, held) => ledger.renew(held.claims.at(-1) ?? NONE, 1000),
  async (ledger, held) => ledger.settle(held.attempts.at(-1) ?? 0, SENT),
  async (ledger, held) => ledger.settle(held.attempts.at(-1) ?? 0, failed(0)),
  async (ledger, held) => ledger.settle(held.attempts[0] ?? 0, failed(null)),
  async (ledger, held) => ledger.settle(held.attempts.at(-1) ?? 0, UNCONFIRMED),
  async (ledger, { id }) => ledger.retry(id, { by: 'ann', force: false, reason: null }),
  async (ledger, { id }) => ledger.retry(id, { by: 'ann', force: true, reason: 'Again.' }),
  async (ledger, { id }) => ledger.cancel(id, { by: 'ann', reason: null }),
  async (ledger, { id }) => ledger.settleByHand(id, { by: 'ann', as: 'sent', reason: null }),
  async (ledger, { id }) => ledger.settleByHand(id, { by: 'ann', as: 'not-sent', reason: null }),
  async (_ledger, _held, { clock }) => clock.advance(20_000),
]

function isReachable(from: MessageState, to: MessageState): boolean {
  return TRANSITIONS[from].includes(to)
}
