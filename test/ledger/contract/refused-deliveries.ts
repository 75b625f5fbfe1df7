import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Ledger, RefusedDelivery } from '../../../src/ledger/ledger.ts'
import type { RefusedFilter } from '../../../src/ledger/reads.ts'
import type { Harness } from '../contract.ts'
import { DAY, HOUR, onLedger } from './build.ts'

const KIB = 1024

export function refusedDeliveries(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('refused deliveries that are kept', () => {
    on(
      'reach the disk within a second, whole, and are listed without what they hold',
      async (ledger, harness) => {
        const { clock } = harness
        const delivery = refused(clock.now(), {
          body: Buffer.from([0, 255, 10, 13]),
          target: '/webhooks/crm?token=a%20secret',
          rawHeaders: ['X-Token', 'caf\u00e9 "x"', 'x-token', ''],
        })
        ledger.keepRefused(delivery)
        const at = clock.now()
        await written(harness, ledger)
        const beside = await harness.open({ owner: false })
        const [one, ...others] = await beside.reads.refusedDeliveries({ limit: 10 })
        assert.deepEqual(others, [])
        assert.ok(one)
        const listed = {
          source: 'crm',
          receivedAt: at,
          reason: 'no-match',
          bytes: 4,
          bodyKept: true,
          acceptedAt: null,
        }
        assert.deepEqual(one, { id: one.id, ...listed })
        const { method, target, rawHeaders, body } = delivery
        const whole = await beside.reads.refusedDelivery(one.id)
        assert.deepEqual(whole, { id: one.id, ...listed, method, target, rawHeaders, body })
        assert.equal(await beside.reads.refusedDelivery(one.id + 1), null)
      },
    )

    on('are written on close, in the order of their arrival', async (ledger, harness) => {
      for (const source of ['crm', 'shop', 'crm'])
        ledger.keepRefused(refused(harness.clock.now(), { source }))
      await ledger.close()
      const { reads } = await harness.open()
      const sources = (await reads.refusedDeliveries({ limit: 10 })).map(({ source }) => source)
      assert.deepEqual(sources, ['crm', 'shop', 'crm'])
    })

    on('what is kept of a delivery is a copy', async (ledger, harness) => {
      const body = Buffer.from('as it came')
      ledger.keepRefused(refused(harness.clock.now(), { body }))
      body.fill(0)
      await written(harness, ledger)
      assert.equal((await newest(ledger))?.body?.toString(), 'as it came')
    })

    on('by source, reason and time, newest first, page by page', async (ledger, harness) => {
      const start = harness.clock.now()
      for (const [n, [source, reason]] of (
        [
          ['crm', 'no-match'],
          ['shop', 'no-match'],
          ['crm', 'too-old'],
          ['crm', 'no-match'],
        ] as const
      ).entries()) {
        ledger.keepRefused(refused(start + n, { source, reason, body: Buffer.from(String(n)) }))
      }
      await written(harness, ledger)
      const times = async (filter: Partial<RefusedFilter>) =>
        (await ledger.reads.refusedDeliveries({ limit: 10, ...filter })).map((one) => one.receivedAt - start)
      assert.deepEqual(await times({}), [3, 2, 1, 0])
      assert.deepEqual(await times({ source: 'crm' }), [3, 2, 0])
      assert.deepEqual(await times({ source: 'other' }), [])
      assert.deepEqual(await times({ reason: 'no-match' }), [3, 1, 0])
      assert.deepEqual(await times({ reason: 'no' }), [])
      assert.deepEqual(await times({ since: start + 1, until: start + 2 }), [2, 1])
      const pages: number[][] = []
      for (let before: number | undefined; ; ) {
        const page = await ledger.reads.refusedDeliveries({
          source: 'crm',
          limit: 2,
          ...(before === undefined ? {} : { before }),
        })
        if (page.length === 0) break
        pages.push(page.map((one) => one.receivedAt - start))
        before = page.at(-1)?.id
      }
      assert.deepEqual(pages, [[3, 2], [0]])
    })

    on('a body of 64 KiB is kept, a longer one is not, an empty one is', async (ledger, harness) => {
      for (const bytes of [64 * KIB, 64 * KIB + 1, 0]) {
        ledger.keepRefused(refused(harness.clock.now(), { body: Buffer.alloc(bytes, 'x') }))
      }
      await written(harness, ledger)
      const listed = await ledger.reads.refusedDeliveries({ limit: 10 })
      assert.deepEqual(
        listed.map(({ bytes, bodyKept }) => [bytes, bodyKept]),
        [
          [0, true],
          [64 * KIB + 1, false],
          [64 * KIB, true],
        ],
      )
      const [empty, tooLong, largest] = await Promise.all(
        listed.map(async ({ id }) => (await ledger.reads.refusedDelivery(id))?.body),
      )
      assert.deepEqual([empty?.length, tooLong, largest?.length], [0, null, 64 * KIB])
    })

    on('of 1,100 of a source the newest 1,000; those of others are untouched', async (ledger, harness) => {
      const { clock } = harness
      const start = clock.now()
      ledger.keepRefused(refused(start, { source: 'shop' }))
      for (let n = 0; n < 1100; n += 1) {
        ledger.keepRefused(refused(clock.now(), { body: Buffer.from(String(n)) }))
        if (n % 100 === 99) await written(harness, ledger)
      }
      const all = await ledger.reads.refusedDeliveries({ limit: 5000 })
      const ofCrm = all.filter(({ source }) => source === 'crm')
      assert.deepEqual([ofCrm.length, all.length], [1000, 1001])
      const bodies = await Promise.all(
        [ofCrm[0], ofCrm.at(-1)].map(async (one) => (await ledger.reads.refusedDelivery(one?.id ?? 0))?.body),
      )
      assert.deepEqual(bodies.map(String), ['1099', '100'])
    })

    on(
      'a flood within a second is not taken whole, and leaves room to other sources',
      async (ledger, harness) => {
        const now = harness.clock.now()
        for (let n = 0; n < 5000; n += 1) ledger.keepRefused(refused(now))
        for (let n = 0; n < 100; n += 1) {
          ledger.keepRefused(refused(now, { source: 'large', body: Buffer.alloc(64 * KIB) }))
        }
        ledger.keepRefused(refused(now, { source: 'shop' }))
        await written(harness, ledger)
        const count = async (source: string) =>
          (await ledger.reads.refusedDeliveries({ source, limit: 5000 })).length
        assert.deepEqual([await count('crm'), await count('large'), await count('shop')], [200, 15, 1])
        // The room is free again.
        ledger.keepRefused(refused(now))
        await written(harness, ledger)
        assert.equal(await count('crm'), 201)
      },
    )

    on('go after 24 hours', async (ledger, harness) => {
      ledger.keepRefused(refused(harness.clock.now()))
      await written(harness, ledger)
      const id = (await newest(ledger))?.id ?? 0
      harness.clock.advance(DAY - 2000)
      assert.ok(await ledger.reads.refusedDelivery(id))
      assert.equal((await ledger.reads.summary()).recheckable.length, 1)
      harness.clock.advance(2000)
      assert.equal(await ledger.reads.refusedDelivery(id), null)
      assert.deepEqual(await ledger.reads.refusedDeliveries({ limit: 10 }), [])
      assert.deepEqual((await ledger.reads.summary()).recheckable, [])
    })

    on(
      'those that were taken in are marked once, and who had it done is in the trail',
      async (ledger, harness) => {
        const { clock } = harness
        for (let n = 0; n < 3; n += 1) ledger.keepRefused(refused(clock.now()))
        await written(harness, ledger)
        const ids = (await ledger.reads.refusedDeliveries({ limit: 10 })).map(({ id }) => id)
        const [newestId = 0, second = 0, third = 0] = ids
        const request = { source: 'crm', by: 'ann' }
        assert.equal(await ledger.acceptRefused([newestId, second], request), 2)
        const at = clock.now()
        clock.advance(HOUR)
        assert.equal(await ledger.acceptRefused([second, third, 999], request), 1)
        assert.equal(await ledger.acceptRefused(ids, request), 0)
        assert.deepEqual(
          (await ledger.reads.refusedDeliveries({ limit: 10 })).map(({ acceptedAt }) => acceptedAt),
          [at, at, at + HOUR],
        )
        const trail = await ledger.reads.audit({ action: 'refused.recheck', limit: 10 })
        assert.deepEqual(
          trail.map(({ by, target }) => [by, target]),
          [
            ['ann', { source: 'crm', deliveries: 1 }],
            ['ann', { source: 'crm', deliveries: 2 }],
          ],
        )
      },
    )

    on('the summary has what can be rechecked, by source and reason', async (ledger, harness) => {
      const start = harness.clock.now()
      ledger.keepRefused(refused(start))
      ledger.keepRefused(refused(start + 1))
      ledger.keepRefused(refused(start + 2))
      ledger.keepRefused(refused(start + 3, { reason: 'too-old' }))
      ledger.keepRefused(refused(start + 4, { source: 'shop', body: Buffer.alloc(65 * KIB) }))
      await written(harness, ledger)
      const oldest = (await ledger.reads.refusedDeliveries({ limit: 10 })).find(
        (one) => one.receivedAt === start,
      )
      await ledger.acceptRefused([oldest?.id ?? 0], { source: 'crm', by: 'ann' })
      assert.deepEqual((await ledger.reads.summary()).recheckable, [
        { source: 'crm', reason: 'no-match', count: 2, since: start + 1 },
        { source: 'crm', reason: 'too-old', count: 1, since: start + 3 },
      ])
    })
  })
}

function refused(receivedAt: number, rest: Partial<RefusedDelivery> = {}): RefusedDelivery {
  return {
    source: 'crm',
    receivedAt,
    reason: 'no-match',
    method: 'POST',
    target: '/webhooks/crm',
    rawHeaders: ['webhook-id', 'msg_1'],
    body: Buffer.from('{}'),
    ...rest,
  }
}

/** Lets a second pass, and what was kept until then be written. */
async function written({ clock }: Harness, ledger: Ledger): Promise<void> {
  clock.advance(1000)
  await ledger.ping()
  await ledger.ping()
}

async function newest(ledger: Ledger) {
  const [one] = await ledger.reads.refusedDeliveries({ limit: 1 })
  return one ? ledger.reads.refusedDelivery(one.id) : null
}
