import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OPERATIONS } from '../../src/ops/api/operations.ts'
import { maskIdentifier, maskWords } from '../../src/ops/mask.ts'
import { bearer, type Client, clientOf } from './api-client.ts'
import { CUSTOMER, failed, happens, SECRETS, seed, tried, YAML } from './api-seed.ts'
import { startOps } from './live.ts'

describe('what a viewer gets', () => {
  it('holds no address, name, id or text of a customer, whatever is asked', async () => {
    const ops = await startOps({ yaml: YAML })
    try {
      const seeded = await seed(ops)
      await ops.ledger.resume(seeded.pause, 'root')
      // What is in the wrong field is hidden there too.
      await happens(ops, { customer: { ...CUSTOMER, timezone: 'Secretname', locale: 'Secretname' } })
      await failed(ops)
      await tried(ops, 'sent')
      const client = await clientOf(ops)
      const viewer = bearer(await ops.token('viewer'))
      const operator = bearer(await ops.token('operator'))
      const { message, run } = seeded
      const events = await ops.ledger.reads.events({ limit: 100 })
      const asked: [string, Parameters<Client['call']>[2]?][] = [
        ...OPERATIONS.filter(
          ({ method, path, action }) => method === 'GET' && action === 'read' && !path.includes('{'),
        ).map(({ id }): [string] => [id]),
        ...events.map(({ id }): [string, object] => ['getEvent', { params: { id } }]),
        ...Object.values(message).map((id): [string, object] => ['getMessage', { params: { id } }]),
        ['getRun', { params: { id: run } }],
        ['getSource', { params: { name: 'crm' } }],
        ['searchEvents', { body: {} }],
        ['searchMessages', { body: {} }],
        ['search', { body: { text: CUSTOMER.email } }],
        ['search', { body: { text: CUSTOMER.id } }],
      ]
      let unmasked = ''
      for (const [id, asking] of asked) {
        const { status, text } = await client.call(viewer, id, asking)
        assert.equal(status, 200, `${id}: ${text}`)
        unmasked += (await client.call(operator, id, asking)).text
        for (const secret of SECRETS) assert.ok(!text.includes(secret), `${id} tells ${secret}: ${text}`)
      }
      assert.deepEqual(
        SECRETS.filter((secret) => !unmasked.includes(secret)),
        [],
        'operators see all of it',
      )
      const masked = await client.call(viewer, 'getMessage', { params: { id: message.sent } })
      assert.deepEqual(masked.json.customer, {
        externalId: '…',
        email: 'a…@e…',
        phone: '+49…56',
        name: '…',
        locale: 'de-AT',
      })
    } finally {
      await ops.stop()
    }
  })
})

describe('a mask', () => {
  it('has one length, whatever it hides', () => {
    for (const [text, masked] of [
      ['ann@example.com', 'a…@e…'],
      ['a.very.long.name@a.very.long.domain.example', 'a…@a…'],
      [' Ann@Example.com', 'A…@E…'],
      ['+49 30 123456', '+49…56'],
      ['+1 (317) 555-0100', '+13…00'],
      ['+4912', '…'],
      ['030 123456', '…'],
      ['C-4711', '…'],
      ['a@b@c', '…'],
      ['@', '…'],
      ['', '…'],
    ] as const) {
      assert.equal(maskIdentifier(text), masked, text)
    }
  })

  it('takes what is known of a customer out of words, and what looks like an address', () => {
    const words = 'Bob (C-4711, C-47) has bob@example.com'
    assert.equal(maskWords(words, 'viewer', ['C-47', 'C-4711', 'Bob', 'x']), '… (…, …) has [email]')
    assert.equal(maskWords(words, 'operator', ['Bob']), words)
    assert.equal(maskWords(null, 'viewer'), null)
  })
})
