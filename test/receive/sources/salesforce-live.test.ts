import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { startReceiving } from '../live.ts'

const YAML = `
genesys:
  webmessaging: { deploymentId: 0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60 }
sources:
  salesforce: { preset: salesforce, secrets: [a-token-of-sixteen-letters] }
routes:
  ticket-resolved:
    on: salesforce/ticket.resolved
    customer: { email: "{{ data.SuppliedEmail }}" }
    template: ticket-resolved
    channels: [webmessaging]
`
const ACK = '<Ack>true</Ack>'

describe('Salesforce, through a live server', () => {
  let service: Awaited<ReturnType<typeof startReceiving>>
  before(async () => {
    service = await startReceiving({ yaml: YAML })
  })
  after(() => service.stop())

  /** Of the fixture: two closed cases, an open one, and a record that is gone. */
  function batch(): string {
    const { body } = JSON.parse(
      readFileSync(new URL('../../../fixtures/salesforce/batch.json', import.meta.url), 'utf8'),
    )
    return body.replaceAll('{{ now }}', new Date(service.clock.now()).toISOString())
  }

  const post = (body: string, query = '?token=a-token-of-sixteen-letters', headers = {}) =>
    service.post(
      { headers: { 'content-type': 'text/xml; charset=utf-8', ...headers }, body: Buffer.from(body) },
      `/webhooks/salesforce${query}`,
    )

  test('an outbound message is acknowledged, whatever is in it, and kept once', async () => {
    for (const body of [batch(), batch(), batch().slice(0, -9), 'no XML']) {
      const answer = await post(body)
      assert.equal(answer.status, 200)
      assert.equal(answer.headers['content-type'], 'text/xml; charset=utf-8')
      assert.ok(answer.body.includes(ACK))
    }
    const { events, messages } = await service.kept()
    const states = events.map(({ state }) => state).toSorted()
    assert.deepEqual(states, ['planned', 'planned', 'unreadable', 'unreadable', 'unreadable', 'unrouted'])
    assert.equal(messages.length, 2)
  })

  test('without its token it is refused, and not acknowledged', async () => {
    const answer = await post(batch(), '?token=another')
    assert.equal(answer.status, 401)
    assert.ok(!answer.body.includes(ACK))
  })

  test('a callout is answered as others are', async () => {
    const body = JSON.stringify({ id: 'a01', type: 'ticket.reopened', data: {} })
    const headers = { 'content-type': 'application/json', 'x-postrider-token': 'a-token-of-sixteen-letters' }
    const answer = await post(body, '', headers)
    assert.equal(answer.status, 200)
    assert.ok(!answer.body.includes(ACK))
  })
})
