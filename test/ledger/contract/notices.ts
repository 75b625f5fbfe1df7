import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { NoticeCause } from '../../../src/ledger/notices.ts'
import type { Harness } from '../contract.ts'
import { DAY, onLedger } from './build.ts'

const BRAKE: NoticeCause = {
  cause: 'pause:route:greet:brake',
  kind: 'pause',
  data: { route: 'greet' },
  since: 5,
}
const SILENCE: NoticeCause = { cause: 'silence:crm', kind: 'silence', data: { source: 'crm' }, since: 9 }

export function notices(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('notices', () => {
    on('tell once that something began, and once that it is over', async (ledger, { clock }) => {
      await ledger.observe([BRAKE, SILENCE])
      const [brake, silence] = await ledger.untold()
      assert.deepEqual(
        [brake, silence],
        [
          { ...BRAKE, id: brake?.id, what: 'began', overAt: null, tried: false },
          { ...SILENCE, id: silence?.id, what: 'began', overAt: null, tried: false },
        ],
      )
      await ledger.told(brake?.id ?? 0, 'began')
      assert.deepEqual(await ledger.untold(), [silence])
      await ledger.told(silence?.id ?? 0, 'began')
      await ledger.observe([BRAKE, SILENCE])
      assert.deepEqual(await ledger.untold(), [])

      clock.advance(1000)
      await ledger.observe([SILENCE])
      const over = { ...brake, what: 'over', overAt: clock.now() }
      assert.deepEqual(await ledger.untold(), [over])
      clock.advance(1000)
      await ledger.observe([SILENCE])
      assert.deepEqual(await ledger.untold(), [over])
      await ledger.told(brake?.id ?? 0, 'over')
      assert.deepEqual(await ledger.untold(), [])
    })

    on('say the newest of what stands, without telling it again', async (ledger) => {
      await ledger.observe([{ ...BRAKE, data: { waiting: 1 } }])
      await ledger.observe([{ ...BRAKE, data: { waiting: 2 }, since: 7 }])
      const [one, ...others] = await ledger.untold()
      assert.deepEqual([one?.data, one?.since, others], [{ waiting: 2 }, 5, []])
      await ledger.told(one?.id ?? 0, 'began')
      await ledger.observe([{ ...BRAKE, data: { waiting: 3 } }])
      assert.deepEqual(await ledger.untold(), [])
      await ledger.observe([])
      assert.deepEqual((await ledger.untold())[0]?.data, { waiting: 3 })
    })

    on('tell neither way what began and was over untold', async (ledger) => {
      await ledger.observe([BRAKE])
      await ledger.observe([])
      assert.deepEqual(await ledger.untold(), [])
    })

    on('tell the end of what may have been heard of, though nobody knows it', async (ledger, harness) => {
      await ledger.observe([BRAKE, SILENCE])
      const [brake, silence] = await ledger.untold()
      await ledger.tried(brake?.id ?? 0, true)
      await ledger.tried(silence?.id ?? 0, true)
      await ledger.tried(silence?.id ?? 0, false)
      assert.deepEqual(
        (await ledger.untold()).map(({ what, tried }) => [what, tried]),
        [
          ['began', true],
          ['began', false],
        ],
      )
      await ledger.observe([])
      await ledger.close()
      const again = await harness.open()
      assert.deepEqual(
        (await again.untold()).map(({ id, what }) => [id, what]),
        [[brake?.id, 'over']],
      )
      await again.told(brake?.id ?? 0, 'over')
      assert.deepEqual(await again.untold(), [])
    })

    on('tell the end of what was over while its beginning was being told', async (ledger) => {
      await ledger.observe([BRAKE])
      const [began] = await ledger.untold()
      await ledger.observe([])
      await ledger.told(began?.id ?? 0, 'began')
      assert.deepEqual(
        (await ledger.untold()).map(({ id, what }) => [id, what]),
        [[began?.id, 'over']],
      )
    })

    on('begin anew with what comes back', async (ledger) => {
      await ledger.observe([BRAKE])
      const [first] = await ledger.untold()
      await ledger.told(first?.id ?? 0, 'began')
      await ledger.observe([])
      await ledger.observe([BRAKE])
      const [over, again] = await ledger.untold()
      assert.deepEqual([over?.id, over?.what], [first?.id, 'over'])
      assert.equal(again?.what, 'began')
      assert.notEqual(again?.id, first?.id)
    })

    on('come fifty at a time, oldest first', async (ledger) => {
      const causes = Array.from({ length: 70 }, (_, n) => ({ ...BRAKE, cause: `pause:route:${n}:brake` }))
      await ledger.observe(causes)
      const some = await ledger.untold()
      assert.deepEqual(
        some.map(({ cause }) => cause),
        causes.slice(0, 50).map(({ cause }) => cause),
      )
      for (const { id } of some) await ledger.told(id, 'began')
      assert.equal((await ledger.untold()).length, 20)
    })

    on('are forgotten 30 days after their end, told or not', async (ledger, { clock }) => {
      await ledger.observe([BRAKE, SILENCE])
      const [brake] = await ledger.untold()
      await ledger.told(brake?.id ?? 0, 'began')
      await ledger.observe([SILENCE])
      clock.advance(30 * DAY - 1)
      await ledger.observe([SILENCE])
      assert.deepEqual(
        (await ledger.untold()).map(({ what }) => what),
        ['over', 'began'],
      )
      clock.advance(1)
      await ledger.observe([SILENCE])
      assert.deepEqual(
        (await ledger.untold()).map(({ cause }) => cause),
        [SILENCE.cause],
      )
    })
  })
}
