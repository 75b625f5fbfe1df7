import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { cookieOf, type Ops, startOps } from './live.ts'
import { end, take } from './seed.ts'

const DAY = 86_400_000
const GONE = 'The body, the texts and the addresses were removed after 30 days (retention.payload).'

describe('what has no payload any more', () => {
  let ops: Ops
  let cookie = ''
  let eventId = 0
  let messageId = 0
  before(async () => {
    ops = await startOps()
    await ops.add('ann', 'admin')
    const taken = await take(ops)
    eventId = taken.eventId
    messageId = taken.messageIds[0] ?? 0
    await end(ops, 'failed')
    await ops.clock.advance(31 * DAY)
    for (;;) {
      const { more } = await ops.ledger.removeOld({ payloadMs: 30 * DAY, rowsMs: 365 * DAY, limit: 100 })
      if (!more) break
    }
    cookie = cookieOf(await ops.logIn('ann'))
  })
  after(() => ops.stop())
  const get = (path: string) => ops.ask(path, { headers: { cookie } })

  it('says so on its pages, and offers neither to plan it nor to send it again', async () => {
    const event = (await get(`/console/events/${eventId}`)).body
    assert.ok(event.includes(GONE))
    assert.doesNotMatch(event, /\/replan"/)
    assert.doesNotMatch(event, /Preview a route/)
    const message = (await get(`/console/messages/${messageId}`)).body
    assert.ok(message.includes(GONE))
    assert.doesNotMatch(message, /\/retry"/)
  })

  it('says so to programs', async () => {
    for (const path of [`/api/v1/events/${eventId}`, `/api/v1/messages/${messageId}`]) {
      const { status, body } = await get(path)
      assert.equal(status, 200, path)
      assert.equal(JSON.parse(body).removed, GONE)
    }
  })
})
