import assert from 'node:assert/strict'
import { describe } from 'node:test'
import fc from 'fast-check'
import type { Lease, Ledger, LookClaim, LookResult } from '../../../src/ledger/ledger.ts'
import { MESSAGE_STATES, type MessageState, TRANSITIONS } from '../../../src/message.ts'
import type { Harness } from '../contract.ts'
import {
  claimAll,
  claimLooks,
  draft,
  entry,
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
          const refusal = await harness.forceState(id, to)
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
          fc.asyncProperty(fc.constantFrom(...BEGINNINGS), ACTS, async (beginning, actions) => {
            const id = await schedule(ledger, harness, {
              expireAt: harness.clock.now() + 30_000,
              policies: { onUndelivered: 'next-channel' },
            })
            const held: Held = { id, claims: [], looks: [], attempts: [] }
            for (const action of beginning) await action(ledger, held, harness)
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
              // Once, but for an operator's word and for the channel after the one on which it was not seen.
              const sent = attempts.filter(({ outcome }) => outcome === 'sent')
              const channels = new Set(sent.map(({ channel }) => channel))
              assert.ok(sent.length === channels.size || after.manualBy !== null)
              const isLooked = after.state === 'unconfirmed' || after.state === 'sent'
              assert.ok(after.lookAt === null || isLooked, `${after.state} is looked for`)
              before = after
            }
            // Out of the way of the next one, whatever state it is in.
            harness.clock.advance(60_000)
            await ledger.settle(held.attempts.at(-1) ?? 0, failed(0))
            await ledger.retry(id, { by: 'ann', force: true, reason: 'The end.' })
            await ledger.cancel(id, { by: 'ann', reason: null })
          }),
          { numRuns: 60 },
        )
      },
    )
  })
}

type Held = { id: number; claims: Lease[]; looks: LookClaim[]; attempts: number[] }
type Action = (ledger: Ledger, held: Held, harness: Harness) => Promise<unknown>

const claim: Action = async (ledger, held) => {
  for (const { lease, message } of await claimAll(ledger)) {
    if (message.id === held.id) held.claims.push(lease)
  }
}
const open: Action = async (ledger, held) => {
  const { channel } = await messageWith(ledger, held.id)
  const opened = await ledger.open(held.claims.at(-1) ?? NONE, draft({ channel }))
  if (opened.kind === 'open') held.attempts.push(opened.attempt.id)
}
const lookLater: Action = async (ledger, held) =>
  ledger.settle(held.attempts.at(-1) ?? 0, { ...UNCONFIRMED, lookInMs: 0 })
const askLater: Action = async (ledger, held) =>
  ledger.settle(held.attempts.at(-1) ?? 0, { ...sentAs(held), lookInMs: 0 })
const look: Action = async (ledger, held) => {
  for (const state of LOOKED)
    held.looks.push(...(await claimLooks(ledger, state)).filter(({ message }) => message.id === held.id))
}
const LOOKED = ['unconfirmed', 'sent'] as const

/** By chance alone hardly any message would come as far. */
const BEGINNINGS: readonly (readonly Action[])[] = [
  [],
  [claim, open],
  [claim, open, lookLater, look],
  [claim, open, askLater, look],
]

/** Each acts with the latest lease or attempt, whatever became of it: most of them are too late. */
const ACTIONS: readonly Action[] = [
  claim,
  open,
  lookLater,
  askLater,
  look,
  async (ledger, held) => ledger.open(held.claims[0] ?? NONE, draft({ mode: 'shadow' })),
  async (ledger, held) =>
    ledger.conclude(held.claims.at(-1) ?? NONE, { state: 'failed', code: 'x', reason: 'y' }),
  async (ledger, held) => ledger.postpone(held.claims.at(-1) ?? NONE, { inMs: 0, code: null, reason: null }),
  async (ledger, held) => ledger.withdraw(held.claims.at(-1) ?? NONE, { inMs: 0 }),
  async (ledger, held) => ledger.renew(held.claims.at(-1) ?? NONE, 1000),
  async (ledger, held) => ledger.settle(held.attempts.at(-1) ?? 0, sentAs(held)),
  async (ledger, held) => ledger.settle(held.attempts.at(-1) ?? 0, failed(0)),
  async (ledger, held) => ledger.settle(held.attempts[0] ?? 0, failed(null)),
  async (ledger, held) => ledger.settle(held.attempts.at(-1) ?? 0, UNCONFIRMED),
  async (ledger, held) =>
    ledger.settle(held.attempts.at(-1) ?? 0, failed(0, { counts: 'nothing', channel: 'email' })),
  async (ledger, held) => {
    const { conversationId, genesysMessageId } = sentAs(held)
    return settleLook(ledger, held, {
      kind: 'found',
      conversationId,
      genesysMessageId,
      look: LOOK,
      reason: 'y',
    })
  },
  async (ledger, held) => settleLook(ledger, held, { kind: 'held', againInMs: 0, look: LOOK, reason: 'y' }),
  async (ledger, held) =>
    settleLook(ledger, held, { kind: 'absent', again: true, look: LOOK, code: 'x', reason: 'y' }),
  async (ledger, held) =>
    settleLook(ledger, held, { kind: 'absent', again: false, look: LOOK, code: 'x', reason: 'y' }),
  async (ledger, held) =>
    ledger.settleDelivery(held.looks.at(-1)?.lease ?? NONE, {
      delivery: 'delivered',
      reason: null,
      againInMs: null,
    }),
  async (ledger, held, { clock }) => {
    const { conversationId } = sentAs(held)
    const undelivered = { conversationId, genesysMessageIds: [] }
    reports += 1
    return ledger.record([entry(clock.now(), `report-${reports}`, [], { undelivered })])
  },
  async (ledger, { id }) => ledger.retry(id, { by: 'ann', force: false, reason: null }),
  async (ledger, { id }) => ledger.retry(id, { by: 'ann', force: true, reason: 'Again.' }),
  async (ledger, { id }) => ledger.cancel(id, { by: 'ann', reason: null }),
  async (ledger, { id }) => ledger.settleByHand(id, { by: 'ann', as: 'sent', reason: null }),
  async (ledger, { id }) => ledger.settleByHand(id, { by: 'ann', as: 'not-sent', reason: null }),
  async (_ledger, _held, { clock }) => clock.advance(20_000),
]

const ACTS = fc.array(fc.constantFrom(...ACTIONS), { maxLength: 25 })
const LOOK = { complete: true, saw: 'nothing' }
let reports = 0

/** Of each message in a conversation of its own, so that none is taken for another's. */
function sentAs({ id, attempts }: Held) {
  return { ...SENT, conversationId: `conv-${id}`, genesysMessageId: `gen-${attempts.at(-1) ?? 0}` }
}

async function settleLook(ledger: Ledger, { looks }: Held, result: LookResult): Promise<unknown> {
  const look = looks.at(-1)
  return look && ledger.settleLook(look.lease, look.attempt.id, result)
}

function isReachable(from: MessageState, to: MessageState): boolean {
  return TRANSITIONS[from].includes(to)
}
