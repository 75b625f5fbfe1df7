import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fixture, post, withService } from './scraping.ts'

describe('traceparent', () => {
  const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

  it('a valid one is kept with the event and stands on its lines, up to the send', async () => {
    await withService({ LOG_LEVEL: 'info' }, async ({ url, ledger }, _, logged) => {
      await post(url, fixture('ticket-resolved'), { id: 'traced', headers: { traceparent: TRACE } })
      // The line comes after the commit that it tells of.
      while (!logged().includes('message sent')) await ledger.reads.messages({ limit: 1 })
      const [event] = await ledger.reads.events({ limit: 1 })
      assert.equal(event?.headers.traceparent, TRACE)
      const lines = logged()
        .split('\n')
        .filter((line) => line.includes(TRACE))
        .map((line) => (JSON.parse(line) as { message: string }).message)
      assert.deepEqual(lines, ['event planned', 'message sent'])
    })
  })

  it('what does not follow the grammar is neither kept nor logged', async () => {
    await withService({ LOG_LEVEL: 'info' }, async ({ url, ledger }, _, logged) => {
      const wrong = [
        TRACE.toUpperCase(),
        `${TRACE}0`,
        TRACE.replace('00-', 'ff-'),
        `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
        `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
        `${TRACE}, ${TRACE}`,
        'ann@example.com',
      ]
      for (const [n, traceparent] of wrong.entries()) {
        const response = await post(
          url,
          { type: 'x', timestamp: new Date().toISOString(), data: {} },
          { id: `wrong-${n}`, headers: { traceparent } },
        )
        assert.equal(response.status, 200)
      }
      const events = await ledger.reads.events({ limit: 100 })
      assert.equal(events.length, wrong.length)
      assert.deepEqual(
        events.filter(({ headers }) => 'traceparent' in headers),
        [],
      )
      assert.doesNotMatch(logged(), /traceparent|b7ad6b/i)
    })
  })
})
