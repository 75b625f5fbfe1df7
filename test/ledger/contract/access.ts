import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe } from 'node:test'
import type { LoginKey } from '../../../src/ledger/access.ts'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import type { Harness } from '../contract.ts'
import { DAY, HOUR, onLedger } from './build.ts'

const MINUTE = 60_000
const hashed = (text: string) => hash('sha256', text)
const ANN = { name: 'ann', role: 'admin', password: 'one' } as const

async function add(ledger: Ledger, account: Parameters<Ledger['addOperator']>[0] = ANN) {
  const added = await ledger.addOperator(account, 'root')
  assert.ok(added.kind === 'added', JSON.stringify(added))
  return added.operator
}

async function logIn(ledger: Ledger, secret = 's', keys: readonly LoginKey[] = []) {
  const operator = await ledger.reads.credentials('ann')
  assert.ok(operator)
  return ledger.openSession({ operator, hash: hashed(secret), forMs: 12 * HOUR, keys })
}

const seen = (ledger: Ledger, secret = 's') => ledger.seeSession(hashed(secret), 2 * HOUR, true)

export function access(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('operators', () => {
    on('are added once, listed without their password, and found with it', async (ledger, { clock }) => {
      const { id } = await add(ledger)
      await add(ledger, { name: 'abe', role: 'viewer', password: 'x' })
      const again = await ledger.addOperator({ ...ANN, role: 'viewer' }, 'root')
      assert.match(again.kind === 'refused' ? again.reason : '', /There is an operator ann already/)
      const account = { id, name: 'ann', role: 'admin', createdAt: clock.now(), createdBy: 'root' }
      assert.deepEqual((await ledger.reads.operators())[1], account)
      assert.deepEqual(
        (await ledger.reads.operators()).map(({ name }) => name),
        ['abe', 'ann'],
      )
      assert.deepEqual(await ledger.reads.credentials('ann'), { id, ...ANN })
      assert.equal(await ledger.reads.credentials('bob'), null)
    })

    on('who were removed are gone, and may come back', async (ledger) => {
      await add(ledger)
      assert.equal(await ledger.removeOperator('ann', 'root'), true)
      assert.equal(await ledger.removeOperator('ann', 'root'), false)
      assert.equal(await ledger.changeOperator('ann', { role: 'viewer' }, 'root'), false)
      assert.deepEqual(await ledger.reads.operators(), [])
      assert.equal(await ledger.reads.credentials('ann'), null)
      await add(ledger, { ...ANN, role: 'viewer', password: 'two' })
      const back = await ledger.reads.credentials('ann')
      assert.deepEqual([back?.role, back?.password], ['viewer', 'two'])
    })
  })

  describe('sessions', () => {
    on('are whose they are, until they end', async (ledger) => {
      await add(ledger)
      assert.equal(await logIn(ledger), true)
      assert.deepEqual(await seen(ledger), { name: 'ann', role: 'admin', via: 'session' })
      assert.equal(await seen(ledger, 'another'), null)
      assert.equal(await ledger.endSession(hashed('s')), true)
      assert.equal(await ledger.endSession(hashed('s')), false)
      assert.equal(await seen(ledger), null)
    })

    on('slide while they are used, and end where they are not', async (ledger, { clock }) => {
      await add(ledger)
      await logIn(ledger)
      for (let n = 0; n < 4; n += 1) {
        clock.advance(2 * HOUR - 1)
        assert.ok(await seen(ledger), `use ${n}`)
      }
      clock.advance(2 * HOUR)
      assert.equal(await seen(ledger), null)
    })

    on('end after their time however much they are used', async (ledger, { clock }) => {
      await add(ledger)
      await logIn(ledger)
      for (let n = 0; n < 12; n += 1) {
        assert.ok(await seen(ledger), `hour ${n}`)
        clock.advance(HOUR)
      }
      assert.equal(await seen(ledger), null)
      assert.deepEqual(await ledger.reads.sessions(), [])
    })

    on('have their use written once a minute at most', async (ledger, { clock }) => {
      await add(ledger)
      const openedAt = clock.now()
      await logIn(ledger)
      const seenAt = async () => (await ledger.reads.sessions())[0]?.seenAt
      clock.advance(MINUTE - 1)
      await seen(ledger)
      assert.equal(await seenAt(), openedAt)
      clock.advance(1)
      await seen(ledger)
      assert.equal(await seenAt(), openedAt + MINUTE)
      assert.deepEqual((await ledger.reads.sessions())[0], {
        operator: 'ann',
        createdAt: openedAt,
        seenAt: openedAt + MINUTE,
        expiresAt: openedAt + 12 * HOUR,
      })
    })

    const endings: Record<string, (ledger: Ledger) => Promise<unknown>> = {
      removed: (ledger) => ledger.removeOperator('ann', 'root'),
      'given another password': (ledger) => ledger.changeOperator('ann', { password: 'two' }, 'root'),
      'logged out': (ledger) => ledger.endSessions('ann', 'root'),
    }
    for (const [what, end] of Object.entries(endings)) {
      on(`end when the operator is ${what}, all of them`, async (ledger) => {
        await add(ledger)
        await logIn(ledger)
        await logIn(ledger, 'elsewhere')
        await end(ledger)
        assert.deepEqual([await seen(ledger), await seen(ledger, 'elsewhere')], [null, null])
      })
    }

    on('of one whose role changes have the new one at once', async (ledger) => {
      await add(ledger)
      await logIn(ledger)
      assert.equal(await ledger.changeOperator('ann', { role: 'viewer' }, 'root'), true)
      assert.equal((await seen(ledger))?.role, 'viewer')
    })

    on('are not opened for a password that changed while it was looked at', async (ledger) => {
      await add(ledger)
      const before = await ledger.reads.credentials('ann')
      assert.ok(before)
      const open = (secret: string) =>
        ledger.openSession({ operator: before, hash: hashed(secret), forMs: HOUR, keys: [] })
      await ledger.changeOperator('ann', { password: 'two' }, 'root')
      assert.equal(await open('s'), false)
      await ledger.changeOperator('ann', { password: 'one' }, 'root')
      await ledger.removeOperator('ann', 'root')
      assert.equal(await open('s'), false)
      assert.equal(await seen(ledger), null)
    })

    on('of one operator are twenty at most: the one seen longest ago goes', async (ledger, { clock }) => {
      await add(ledger)
      for (let n = 0; n < 21; n += 1) {
        await logIn(ledger, `s${n}`)
        clock.advance(1)
      }
      assert.equal((await ledger.reads.sessions()).length, 20)
      assert.equal(await seen(ledger, 's0'), null)
      assert.ok(await seen(ledger, 's1'))
    })
  })

  describe('logins', () => {
    const own = (name = 'ann', free = 2) => ({ hash: hashed(`own ${name}`), free })
    const from = (address = '1', free = 3) => ({ hash: hashed(`from ${address}`), free })

    on(
      'that fail have to wait longer and longer, a quarter of an hour at most',
      async (ledger, { clock }) => {
        const key = [own()]
        assert.deepEqual([await ledger.countLogin(key), await ledger.countLogin(key)], [0, 0])
        const waits: number[] = []
        for (let n = 0; n < 12; n += 1) {
          const wait = await ledger.countLogin(key)
          waits.push(wait / 1000)
          clock.advance(wait - 1)
          assert.equal(await ledger.countLogin(key), 1)
          clock.advance(1)
          assert.equal(await ledger.countLogin(key), 0)
        }
        assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
        assert.equal(await ledger.countLogin([own('bob')]), 0, 'whoever it is not')
        clock.advance(DAY)
        assert.deepEqual([await ledger.countLogin(key), await ledger.countLogin(key)], [0, 0], 'anew')
      },
    )

    on('at once are each counted', async (ledger) => {
      const waits = await Promise.all(Array.from({ length: 5 }, () => ledger.countLogin([own()])))
      assert.deepEqual(waits, [0, 0, 1000, 1000, 1000])
    })

    on('count for an address whatever the name', async (ledger) => {
      for (const name of ['a', 'b', 'c']) assert.equal(await ledger.countLogin([own(name), from()]), 0)
      assert.equal(await ledger.countLogin([own('d'), from()]), 1000)
      assert.equal(await ledger.countLogin([own('d'), from('2')]), 0)
    })

    on('that succeed take back their own count and theirs alone', async (ledger) => {
      await add(ledger)
      const keys = [own('ann', 5), from('1', 3)]
      await ledger.countLogin(keys)
      await ledger.countLogin(keys)
      assert.equal(await ledger.countLogin(keys), 0)
      await logIn(ledger, 's', keys)
      assert.equal(await ledger.countLogin(keys), 0, 'one of the three was right')
      assert.ok((await ledger.countLogin(keys)) > 0)
      assert.equal(await ledger.countLogin([own('ann', 2)]), 0)
      assert.equal(await ledger.countLogin([own('ann', 2)]), 2000 / 2)
    })
  })

  describe('tokens', () => {
    const TOKEN = { name: 'reports', hash: hashed('t'), role: 'viewer', forMs: DAY } as const

    on('are known by their hash, until they end or are revoked', async (ledger, { clock }) => {
      const added = await ledger.addToken(TOKEN, 'root')
      assert.ok(added.kind === 'added')
      assert.deepEqual(await ledger.seeToken(TOKEN.hash), {
        name: 'token reports',
        role: 'viewer',
        via: 'token',
      })
      assert.equal(await ledger.seeToken(hashed('another')), null)
      clock.advance(DAY)
      assert.equal(await ledger.seeToken(TOKEN.hash), null)
      const forGood = await ledger.addToken({ ...TOKEN, hash: hashed('u'), forMs: null }, 'root')
      assert.ok(forGood.kind === 'added', 'the name is free when its token is over')
      assert.ok(await ledger.seeToken(hashed('u')))
      assert.equal(await ledger.revokeToken(forGood.token.id, 'root'), true)
      assert.equal(await ledger.revokeToken(forGood.token.id, 'root'), false)
      assert.equal(await ledger.revokeToken(99, 'root'), false)
      assert.equal(await ledger.seeToken(hashed('u')), null)
    })

    on('have a name each, and their use written once a minute at most', async (ledger, { clock }) => {
      await ledger.addToken(TOKEN, 'root')
      const again = await ledger.addToken({ ...TOKEN, hash: hashed('u') }, 'root')
      assert.match(again.kind === 'refused' ? again.reason : '', /postrider tokens remove 1$/)
      const usedAt = async () => (await ledger.reads.tokens())[0]?.usedAt
      assert.equal(await usedAt(), null)
      const first = clock.now()
      await ledger.seeToken(TOKEN.hash)
      clock.advance(MINUTE - 1)
      await ledger.seeToken(TOKEN.hash)
      assert.equal(await usedAt(), first)
      clock.advance(1)
      await ledger.seeToken(TOKEN.hash)
      assert.equal(await usedAt(), first + MINUTE)
      assert.deepEqual((await ledger.reads.tokens())[0], {
        id: 1,
        name: 'reports',
        role: 'viewer',
        createdAt: first,
        createdBy: 'root',
        expiresAt: first + DAY,
        usedAt: first + MINUTE,
        revokedAt: null,
      })
    })
  })
}
