import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { AuditRecord } from '../../../src/ledger/access.ts'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import type { Harness } from '../contract.ts'
import { HOUR, onLedger, openOne, plan, planned, SENT, schedule, UNCONFIRMED } from './build.ts'

const MAIL = 'email:ann@example.com'
const REASON = 'ann@example.com and +1 317 555 0100 or (0317) 555-0100 asked on 2026-11-23, see CRM-7'
const MASKED = '[email] and [phone] or [phone] asked on 2026-11-23, see CRM-7'
const PAUSE = { scope: 'route', name: 'greet', reason: REASON, forMs: HOUR, probes: 0 } as const
const unconfirmed = async (ledger: Ledger) => ledger.settle((await openOne(ledger)).id, UNCONFIRMED)

/** Of each action: how it is done to the one message (1) of the one event (1), and the line that it leaves; `eve` does it. */
const ACTIONS: readonly [
  action: string,
  act: (ledger: Ledger) => Promise<unknown>,
  target: AuditRecord['target'],
  reason: string | null,
  before?: (ledger: Ledger) => Promise<unknown>,
][] = [
  ['message.cancel', (ledger) => ledger.cancel(1, { by: 'eve', reason: REASON }), { message: 1 }, MASKED],
  [
    'message.retry',
    (ledger) => ledger.retry(1, { by: 'eve', force: false, reason: null }),
    { message: 1, was: 'cancelled', code: 'by-hand' },
    null,
    (ledger) => ledger.cancel(1, { by: 'eve', reason: null }),
  ],
  [
    'message.retry',
    (ledger) => ledger.retry(1, { by: 'eve', force: true, reason: REASON }),
    { message: 1, force: 'yes', was: 'sent' },
    MASKED,
    async (ledger) => ledger.settle((await openOne(ledger)).id, SENT),
  ],
  [
    'message.settle',
    (ledger) => ledger.settleByHand(1, { by: 'eve', as: 'not-sent', reason: REASON }),
    { message: 1, as: 'not-sent' },
    MASKED,
    unconfirmed,
  ],
  [
    'event.replan',
    (ledger) => ledger.addPlan(1, plan([planned(0, { route: 'another' })]), null, 'eve'),
    { event: 1, added: 1 },
    null,
  ],
  [
    'pause',
    (ledger) => ledger.pause({ ...PAUSE, code: 'operator', by: 'eve' }),
    { pause: 1, scope: 'route', name: 'greet', code: 'operator', forMs: HOUR },
    MASKED,
  ],
  [
    'resume',
    (ledger) => ledger.resume(1, 'eve'),
    { pause: 1, scope: 'route', name: 'greet', code: 'uncertain' },
    null,
    (ledger) => ledger.pause({ ...PAUSE, code: 'uncertain', by: 'postrider' }),
  ],
  [
    'operator.remove',
    (ledger) => ledger.removeOperator('bob', 'eve'),
    { operator: 1, name: 'bob', sessions: 0 },
    null,
  ],
  [
    'operator.role',
    (ledger) => ledger.changeOperator('bob', { role: 'admin' }, 'eve'),
    { operator: 1, name: 'bob', from: 'viewer', to: 'admin' },
    null,
  ],
  [
    'operator.password',
    (ledger) => ledger.changeOperator('bob', { password: 'y' }, 'eve'),
    { operator: 1, name: 'bob', sessions: 0 },
    null,
  ],
  [
    'operator.add',
    (ledger) => ledger.addOperator({ name: 'cy', role: 'viewer', password: 'z' }, 'eve'),
    { operator: 2, name: 'cy', role: 'viewer' },
    null,
  ],
  [
    'token.add',
    (ledger) => ledger.addToken({ name: 't', role: 'viewer', hash: 'aa'.repeat(32), forMs: null }, 'eve'),
    { token: 1, name: 't', role: 'viewer' },
    null,
  ],
  [
    'token.remove',
    (ledger) => ledger.revokeToken(1, 'eve'),
    { token: 1, name: 't' },
    null,
    (ledger) => ledger.addToken({ name: 't', role: 'viewer', hash: 'aa'.repeat(32), forMs: null }, 'root'),
  ],
]

export function auditing(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)
  const trail = (ledger: Ledger) => ledger.reads.audit({ limit: 100 })

  describe('the trail', () => {
    for (const [n, [action, act, target, reason, before]] of ACTIONS.entries()) {
      on(`has ${action} (${n}): who, when, to what and why`, async (ledger, harness) => {
        await schedule(ledger, harness)
        await ledger.addOperator({ name: 'bob', role: 'viewer', password: 'x' }, 'root')
        await before?.(ledger)
        harness.clock.advance(5)
        const [last] = await trail(ledger)
        await act(ledger)
        const [line, next] = await trail(ledger)
        assert.deepEqual(next, last, 'one line')
        assert.deepEqual(line, {
          id: (last?.id ?? 0) + 1,
          at: harness.clock.now(),
          by: 'eve',
          action,
          target,
          reason,
        })
      })
    }

    on('has who must not be written to by kind and hash alone', async (ledger) => {
      await ledger.suppress([MAIL], { channels: ['sms'], reason: REASON, by: 'eve' })
      const [{ hash } = { hash: '' }] = await ledger.reads.suppressed([MAIL])
      await ledger.allow([MAIL], null, 'bob')
      const [allowed, suppressed] = await trail(ledger)
      assert.deepEqual(
        [suppressed?.by, suppressed?.action, suppressed?.target, suppressed?.reason],
        ['eve', 'suppress', { kinds: 'email', hashes: hash, channels: 'sms', added: 1 }, MASKED],
      )
      assert.deepEqual(
        [allowed?.by, allowed?.action, allowed?.target],
        ['bob', 'allow', { kinds: 'email', hashes: hash, channels: 'all', lifted: 1 }],
      )
      assert.ok(!JSON.stringify(await trail(ledger)).includes('example.com'))
    })

    on('has every hash as it is, though some have nothing but digits', async (ledger) => {
      const many = Array.from({ length: 500 }, (_, n) => `email:c${n}@example.com`)
      await ledger.suppress(many, { channels: null, reason: 'Many.', by: 'eve' })
      const all = await ledger.reads.suppressed(many)
      const [{ target } = { target: null }] = await trail(ledger)
      const told = String(target?.hashes).split(',')
      assert.deepEqual(told.toSorted(), all.map(({ hash }) => hash).toSorted())
    })

    on('has nothing of what changed nothing, and of what Postrider itself does', async (ledger, harness) => {
      await schedule(ledger, harness)
      await ledger.retry(1, { by: 'eve', force: false, reason: null })
      await ledger.settleByHand(1, { by: 'eve', as: 'sent', reason: null })
      await ledger.retry(99, { by: 'eve', force: false, reason: null })
      await ledger.resume(99, 'eve')
      await ledger.allow([MAIL], null, 'eve')
      await ledger.removeOperator('nobody', 'eve')
      await ledger.revokeToken(9, 'eve')
      await ledger.addPlan(1, plan([]))
      await ledger.pause({ ...PAUSE, code: 'uncertain', by: 'postrider' })
      await ledger.resume(1, 'postrider')
      await assert.rejects(ledger.addPlan(99, plan([]), null, 'eve'))
      assert.deepEqual(await trail(ledger), [])
    })

    on('has logins and those that failed, without what was typed', async (ledger) => {
      await ledger.addOperator({ name: 'bob', role: 'viewer', password: 'x' }, 'root')
      await ledger.loginFailed(1)
      await ledger.loginFailed(null)
      const hash = 'ab'.repeat(32)
      await ledger.openSession({ operator: { id: 1, password: 'x' }, hash, forMs: HOUR, keys: [] })
      await ledger.endSession(hash)
      assert.deepEqual(
        (await trail(ledger)).map(({ by, action, target }) => [by, action, target]),
        [
          ['bob', 'logout', { operator: 1 }],
          ['bob', 'login', { operator: 1 }],
          ['nobody', 'login.failed', {}],
          ['bob', 'login.failed', { operator: 1 }],
          ['root', 'operator.add', { operator: 1, name: 'bob', role: 'viewer' }],
        ],
      )
    })

    on('is not filled by strangers: a hundred failed logins an hour', async (ledger, { clock }) => {
      for (let n = 0; n < 120; n += 1) await ledger.loginFailed(null)
      const count = async () => (await ledger.reads.audit({ limit: 1000 })).length
      assert.equal(await count(), 100)
      clock.advance(HOUR)
      await ledger.loginFailed(null)
      assert.equal(await count(), 101)
    })

    on('is read page by page, newest first, and by whom and what', async (ledger) => {
      for (const [name, by] of [
        ['b', 'eve'],
        ['c', 'eve'],
        ['d', 'ann'],
      ] as const) {
        await ledger.addOperator({ name, role: 'viewer', password: 'x' }, by)
      }
      await ledger.removeOperator('b', 'eve')
      const ids = async (filter: object) =>
        (await ledger.reads.audit({ limit: 2, ...filter })).map(({ id }) => id)
      assert.deepEqual(await ids({}), [4, 3])
      assert.deepEqual(await ids({ before: 3 }), [2, 1])
      assert.deepEqual(await ids({ before: 1 }), [])
      assert.deepEqual(await ids({ by: 'ann' }), [3])
      assert.deepEqual(await ids({ action: 'operator.remove' }), [4])
    })
  })
}
