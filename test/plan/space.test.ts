import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { planEvent } from '../../src/plan/plan.ts'
import { changed, loaded } from '../config/written.ts'
import { eventWith, onlyMessage } from './house.ts'

const YAML = `genesys:
  externalSource: { id: space-1, name: CRM }
  webmessaging: { deploymentId: deployment-1 }
sources:
  crm: { preset: standard-webhooks, secrets: [] }
  shop: { preset: shopify, secrets: [] }
  outlet: { preset: shopify, secrets: [] }
  told: { preset: shopify, secrets: [], externalSource: { id: space-2, name: Shop } }
routes:
  greet:
    on: "*/order.placed"
    template: greet
    channels: [webmessaging]
`
const NOWHERE = changed('  externalSource: { id: space-1, name: CRM }\n', '', YAML)
const NAMED = `${YAML}    customer: { externalId: "{{ data.number }}" }\n`

/** The customer 123 of a source: where the id is looked up, and the names of the message and of the event. */
function the123Of(source: string, yaml = YAML) {
  const event = eventWith(
    { number: 123 },
    { source, type: 'order.placed', customer: { externalId: '123', email: 'ann@example.com' } },
  )
  const plan = planEvent(event, loaded({ yaml }))
  const { names, policies } = onlyMessage(plan)
  return { lookedUpIn: policies.externalSource?.id ?? null, message: names, event: plan.names }
}

const ANN = 'email:ann@example.com'

describe('the customer 123', () => {
  test('of a sender that counts its own is another in each source, and looked up nowhere', () => {
    for (const yaml of [YAML, NOWHERE]) {
      for (const source of ['shop', 'outlet']) {
        const names = [`externalId:source/${source}:123`, ANN]
        assert.deepEqual(the123Of(source, yaml), { lookedUpIn: null, message: names, event: names })
      }
    }
  })

  test('is one within the external source of its own source', () => {
    const names = ['externalId:space-2:123', ANN]
    for (const yaml of [YAML, NOWHERE]) {
      assert.deepEqual(the123Of('told', yaml), { lookedUpIn: 'space-2', message: names, event: names })
    }
  })

  test('of a sender that has the ids of the CRM is one within that of Genesys', () => {
    const names = ['externalId:space-1:123', ANN]
    assert.deepEqual(the123Of('crm'), { lookedUpIn: 'space-1', message: names, event: names })
    assert.deepEqual(the123Of('crm', NOWHERE).message, ['externalId::123', ANN])
  })

  test('whom a route names is the operator’s; whom the preset reads beside it stays the sender’s', () => {
    assert.deepEqual(the123Of('shop', NAMED), {
      lookedUpIn: 'space-1',
      message: ['externalId:space-1:123'],
      event: ['externalId:source/shop:123', ANN],
    })
    assert.deepEqual(the123Of('told', NAMED).message, ['externalId:space-2:123'])
  })
})
