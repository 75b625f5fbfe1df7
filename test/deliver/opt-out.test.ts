import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { namesOf } from '../../src/names.ts'
import { customerEvent } from './fixtures.ts'
import { type Rig, rigsForEach } from './rig.ts'

const MAIL = '---\nsubject: Resolved\n---\nTicket {{ data.ticket.id }} is resolved.'
const BOTH = {
  route: 'channels: [webmessaging, email]\n    brake: none',
  templates: { 'ticket-resolved.email': MAIL },
}
const ANN = { id: 'N-1', email: 'ann@example.com' }

describe('a recipient who opted out, says Genesys', () => {
  const rigOf = rigsForEach()
  const say = (rig: Rig, n: number, customer: Record<string, string> = ANN) =>
    rig.recordEvents([customerEvent(n, rig.clock.now(), customer)])
  const newest = async ({ ledger }: Rig) => {
    const [message] = await ledger.reads.messages({ limit: 1 })
    assert.ok(message)
    return message
  }
  const refusals = async ({ ledger, config }: Rig) => {
    const { externalSource, defaultCountry } = config.genesys
    const names = namesOf({ externalId: ANN.id, email: ANN.email }, externalSource, defaultCountry)
    const found = await ledger.reads.suppressed(names)
    return found.map(({ kind, channel, by }) => `${kind} ${channel} ${by}`).sort()
  }

  it('in its answer: the next channel is tried, and nothing more is sent over this one', async () => {
    const rig = await rigOf({ config: BOTH })
    const body = { code: 'bad.request', message: 'RecipientOptedOut', status: 400 }
    rig.sandbox.fault({ operation: 'message', times: 1, status: 400, body })
    await say(rig, 1)
    await rig.runUntil(() => rig.drained())
    const first = await newest(rig)
    assert.deepEqual([first.state, first.channel], ['sent', 'email'])
    assert.deepEqual(await refusals(rig), ['email webmessaging genesys', 'externalId webmessaging genesys'])

    // By another of their names too.
    await say(rig, 2, { id: 'N-2', email: ANN.email })
    await rig.runUntil(() => rig.drained())
    const second = await newest(rig)
    assert.deepEqual([second.state, second.channel, second.attempts], ['sent', 'email', 1])

    // And where there is no next one, nothing goes.
    await say(rig, 3, { id: ANN.id })
    await rig.runUntil(() => rig.drained())
    const third = await newest(rig)
    assert.deepEqual([third.state, third.code], ['skipped', 'suppressed'])
    assert.match(third.reason ?? '', /over webmessaging .*Genesys Cloud says that the customer opted out/)
    assert.equal(rig.sandbox.counts().message, 0)
  })

  it('in a receipt, however late', async () => {
    const rig = await rigOf({ config: { deliveryShare: 0.5 } })
    await say(rig, 1)
    await rig.runUntil(() => rig.drained())
    const [sent] = rig.sandbox.messages()
    assert.ok(sent)
    rig.sandbox.setDelivery(sent.id, 'failed', ['RecipientOptedOut'])
    await rig.pass(5)
    const first = await newest(rig)
    assert.deepEqual([first.state, first.delivery], ['sent', 'failed'])
    assert.match(first.deliveryReason ?? '', /RecipientOptedOut/)
    assert.deepEqual(await refusals(rig), ['email webmessaging genesys', 'externalId webmessaging genesys'])
    await say(rig, 2)
    await rig.runUntil(() => rig.drained())
    assert.equal((await newest(rig)).code, 'suppressed')
    assert.equal(rig.sandbox.messages().length, 1)
  })

  it('a delivery that failed for another reason says nothing about the customer', async () => {
    const rig = await rigOf({ config: { deliveryShare: 0.5 } })
    await say(rig, 1)
    await rig.runUntil(() => rig.drained())
    rig.sandbox.setDelivery(rig.sandbox.messages()[0]?.id ?? '', 'failed', ['InvalidDestination'])
    await rig.pass(5)
    assert.equal((await newest(rig)).delivery, 'failed')
    assert.deepEqual(await refusals(rig), [])
  })
})
