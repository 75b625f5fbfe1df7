import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inBatches } from './batches.ts'
import { configurations, createLoading } from './configurations.ts'
import { cases, createReceiver } from './deliveries.ts'
import { createLive } from './live.ts'
import { SENDERS } from './senders.ts'
import { settings } from './settings.ts'
import { judgePiece, pieces } from './templates.ts'

/** The short form of `npm run fuzz`. */
const { seed, runs } = settings(2_000)

test(`${runs} deliveries of chance: none is accepted that proves nothing, none is answered with a fault`, async (t) => {
  t.diagnostic(`SEED=${seed}`)
  const tally = new Map<string, number>()
  await inBatches({ runs, seed }, cases(), createReceiver(tally).judge)
  // Fewer need not come to all of it.
  const expected = Object.keys(SENDERS).flatMap((name) => [`${name} recorded`, `${name} refused`])
  if (runs >= 2_000)
    assert.deepEqual(
      expected.filter((what) => !tally.has(what)),
      [],
      'never came to it',
    )
})

test('deliveries of chance over HTTP: each gets an answer that is none of a fault, and the service is well after them', async (t) => {
  t.diagnostic(`SEED=${seed}`)
  const tally = new Map<string, number>()
  const live = await createLive(tally)
  try {
    await inBatches({ runs: Math.ceil(runs / 10), seed }, cases(), live.judge)
    assert.ok(await live.isWell(), 'ready, with events')
  } finally {
    await live.stop()
  }
})

test('configurations of chance are loaded or invalid, in bounded time', async (t) => {
  t.diagnostic(`SEED=${seed}`)
  const tally = new Map<string, number>()
  const loading = createLoading(tally)
  try {
    await inBatches({ runs: Math.ceil(runs / 30), seed }, configurations(), loading.judge)
    assert.ok(tally.has('invalid'), 'none was invalid')
  } finally {
    loading.close()
  }
})

test('templates and conditions of chance come to an end, and reach no file and no prototype', async (t) => {
  t.diagnostic(`SEED=${seed}`)
  const tally = new Map<string, number>()
  await inBatches({ runs: Math.ceil(runs / 4), seed }, pieces(), (piece) => judgePiece(piece, tally))
  if (runs >= 2_000)
    assert.ok(tally.has('text rendered') && tally.has('condition rendered'), 'none was rendered')
})
