import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import type { Ledger } from '../../src/ledger/ledger.ts'
import {
  claimOne,
  DAY,
  draft,
  ended,
  failed,
  HOUR,
  happens,
  planned,
  SENT,
  schedule,
  UNCONFIRMED,
  unreadable,
} from './contract/build.ts'
import type { Harness } from './contract.ts'
import type { ManualClock } from './manual-clock.ts'

export const ANN = 'email:ann@example.com'
export const BEN = 'email:ben@example.com'
export const CLEO = 'email:cleo@example.com'
export const SECRET = hash('sha256', 'a session')
export const TOKEN = hash('sha256', 'a token')
export const IDEMPOTENCY_KEY = hash('sha256', 'a key')
const ASKED = { channels: null, reason: 'She asked. “Nie mehr” 🙂 \\ "quoted", {braced}', by: 'ann' }
const LIMITS = {
  cap: { messages: 9, perMs: DAY, group: 'all' },
  countsIn: ['all'],
  brake: { messages: 9, perMs: HOUR },
}

/** Puts something into every table, through the ledger's own functions, as a service would. The last message is being sent when it ends: the ledger is to be closed without a word. */
export async function fill(ledger: Ledger, clock: ManualClock): Promise<{ sendingId: number }> {
  const harness = { clock } as Harness
  await ledger.bindHost('api.mypurecloud.de')
  await ledger.expect(['crm', 'shop'])
  await ledger.ping()

  // Old, and its message waits: its payload is kept.
  await schedule(ledger, harness, { dueAt: clock.now() + 60 * DAY, expireAt: clock.now() + 90 * DAY })
  await schedule(ledger, harness, { state: 'skipped', code: 'expired', reason: 'Too late.' })
  clock.advance(40 * DAY)
  for (;;) if (!(await ledger.removeOld({ payloadMs: 30 * DAY, rowsMs: 365 * DAY, limit: 100 })).more) break

  await ledger.addOperator({ name: 'ann', role: 'admin', password: 'one' }, 'root')
  const operator = await ledger.reads.credentials('ann')
  assert.ok(operator)
  await ledger.openSession({ operator, hash: SECRET, forMs: 12 * HOUR, keys: [] })
  await ledger.addToken({ name: 'reports', hash: TOKEN, role: 'viewer', forMs: DAY }, 'ann')
  await ledger.countLogin([{ hash: hash('sha256', 'ben, from there'), free: 2 }])
  await ledger.beginKey(IDEMPOTENCY_KEY, TOKEN)
  await ledger.endKey(IDEMPOTENCY_KEY, { status: 200, body: '{"id":7}' })

  await ledger.record([unreadable(clock.now(), 'half', { raw: Buffer.from([0, 255, 10, 13, 34, 92]) })])
  await happens(ledger, harness, { type: 'ticket.opened', subject: 'T-9', headers: { traceparent: 'tp' } })
  await ended(ledger, harness, { ...SENT, lookInMs: HOUR }, { message: { names: [ANN], policies: LIMITS } })
  const { id: failedId } = await ended(ledger, harness, failed(null), { message: { names: [ANN] } })
  await ended(ledger, harness, UNCONFIRMED)
  const cart = { once: 'cart-1', onRepeat: 'replace', template: 'ein Korb – ‘leer’\u2028' } as const
  for (let n = 0; n < 2; n += 1) {
    clock.advance(60_000)
    const message = planned(clock.now(), {
      route: 'cart',
      dueAt: clock.now() + HOUR,
      cancelKeys: ['cart-1'],
      policies: cart,
    })
    await happens(ledger, harness, { messages: [message] })
  }
  await happens(ledger, harness, { type: 'cart.bought', said: { cancels: ['cart-2'] } })
  await happens(ledger, harness, { said: { names: [CLEO], consent: true } })
  await ledger.suppress([BEN], ASKED)
  await ledger.pause({
    scope: 'route',
    name: 'quiet',
    code: 'operator',
    reason: 'Stop.',
    forMs: null,
    probes: 0,
    by: 'ann',
  })
  await schedule(ledger, harness, { route: 'quiet', names: [CLEO] })
  const begun = await ledger.beginRun({
    by: 'ann',
    reason: null,
    force: false,
    late: false,
    filter: {},
    messageIds: [failedId],
  })
  assert.ok(begun.kind === 'done')
  await ledger.observe([
    { cause: 'silence:crm', kind: 'silence', data: { source: 'crm' }, since: clock.now() },
  ])
  await ledger.takeBudget(300, 1)
  ledger.countRefused('crm', 'no-match')
  ledger.keepRefused({
    source: 'crm',
    receivedAt: clock.now(),
    reason: 'no-match',
    method: 'POST',
    target: '/webhooks/crm',
    rawHeaders: ['webhook-id', 'café'],
    body: Buffer.from([0, 1, 254]),
  })
  await schedule(ledger, harness, {
    dueAt: clock.now() + 5 * 60_000,
    names: [BEN],
    customer: { email: 'ben@example.com' },
  })
  const sendingId = await schedule(ledger, harness, { names: [ANN] })
  await ledger.open((await claimOne(ledger)).lease, draft())
  return { sendingId }
}
