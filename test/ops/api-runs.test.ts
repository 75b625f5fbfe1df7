import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { bearer, type Client, clientOf } from './api-client.ts'
import { failed, tried, YAML } from './api-seed.ts'
import { type Ops, startOps } from './live.ts'

const DAY = 86_400_000

type Outcome = { outcome: string; code: string | null; count: number }

describe('lists that are paged through, and runs that are careful', () => {
  let ops: Ops
  let client: Client
  let admin: ReturnType<typeof bearer>
  let late = 0
  let unconfirmed = 0

  before(async () => {
    ops = await startOps({ yaml: YAML })
    client = await clientOf(ops)
    late = await failed(ops)
    unconfirmed = await tried(ops, 'unconfirmed')
    await ops.clock.advance(2 * DAY)
    admin = bearer(await ops.token('admin'))
  })
  after(() => ops.stop())

  const wish = { filter: { route: 'greet' } }
  const outcomesOf = async (more: object) => {
    const answer = await client.call(admin, 'planRun', { body: { ...wish, ...more } })
    assert.equal(answer.status, 200)
    return (answer.json.outcomes as Outcome[]).map(({ outcome, code, count }) => [outcome, code, count])
  }

  /** All of a list, so many at a time. */
  async function paged(operation: string, limit: number): Promise<unknown[]> {
    const items: unknown[] = []
    let before: string | null = null
    do {
      const query = { limit, ...(before === null ? {} : { before }) }
      const { status, json } = await client.call(admin, operation, { query })
      assert.equal(status, 200)
      const page = json as { items: unknown[]; next: string | null }
      assert.ok(page.items.length <= limit)
      items.push(...page.items)
      before = page.next
    } while (before !== null)
    return items
  }

  it('refuses what is past its time and what nobody knows of, unless it is asked for', async () => {
    const reason = 'lost'
    assert.deepEqual(await outcomesOf({}), [
      ['refused', 'expired', 1],
      ['refused', 'unconfirmed', 1],
    ])
    assert.deepEqual((await outcomesOf({ late: true })).at(-1), ['refused', 'unconfirmed', 1])
    const forced = await outcomesOf({ late: true, force: true, reason })
    assert.ok(forced.every(([outcome]) => outcome !== 'refused'))
    assert.deepEqual(await outcomesOf({ force: true, reason }), [['refused', 'expired', 2]])
    const states = await Promise.all([late, unconfirmed].map((id) => ops.ledger.reads.message(id)))
    assert.deepEqual(
      states.map((message) => message?.state),
      ['failed', 'unconfirmed'],
    )
  })

  it('GET /runs goes back page by page', async () => {
    for (let n = 0; n < 5; n += 1) {
      const begun = await client.call(admin, 'beginRun', { body: { ...wish, late: true } })
      assert.equal(begun.status, 202)
      const { id, late: takes } = begun.json.run as { id: number; late: boolean }
      assert.equal(takes, true)
      assert.equal((await client.call(admin, 'stopRun', { params: { id } })).status, 200)
    }
    const all = await paged('listRuns', 200)
    assert.equal(all.length, 5)
    for (const limit of [1, 2, 5]) assert.deepEqual(await paged('listRuns', limit), all)
  })

  it('GET /suppressions goes back page by page', async () => {
    for (let n = 0; n < 5; n += 1) {
      const body = { email: `${n}@example.com`, channels: ['sms', 'email'], reason: 'asked' }
      assert.equal((await client.call(admin, 'suppress', { body })).status, 200)
    }
    const all = await paged('listSuppressions', 200)
    assert.equal(all.length, 10)
    for (const limit of [1, 3, 10]) assert.deepEqual(await paged('listSuppressions', limit), all)
    for (const before of ['x', Buffer.from('1.00.sms').toString('base64url')]) {
      const answer = await client.call(admin, 'listSuppressions', { query: { before } })
      assert.equal(answer.status, 422)
    }
  })

  it('GET /runs/{id} says for which pauses it waits', async () => {
    await ops.ledger.pause({
      scope: 'route',
      name: 'greet',
      code: 'operator',
      reason: 'we look into it',
      forMs: null,
      probes: 0,
      by: 'root',
    })
    const begun = await client.call(admin, 'beginRun', { body: { ...wish, late: true } })
    const { id } = begun.json.run as { id: number }
    const { json } = await client.call(admin, 'getRun', { params: { id } })
    assert.deepEqual(json.waitsFor, [{ scope: 'route', name: 'greet', reason: 'we look into it' }])
  })
})
