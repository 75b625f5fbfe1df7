import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Customer } from '../../src/message.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { planSend, type Said } from '../../src/plan/send.ts'
import { AT, configWith, DAY, eventWith, MINUTE, onlyMessage } from './house.ts'

const EVENT = eventWith({}, { source: 'cli', type: 'message.requested', key: 'by hand 1' })
const SAID: Said = {
  mode: 'live',
  template: 'greet',
  channels: ['sms', 'email'],
  findBy: ['externalId', 'email', 'phone'],
  externalSource: { id: 'space-1', name: 'CRM' },
  requireSessionMs: null,
  expireAfterMs: DAY,
}
const ANN: Customer = { externalId: 'C-1', phone: '+4930123456', name: 'Ann' }

function send(customer: Customer, said: Partial<Said> = {}, event = EVENT) {
  return planSend({
    event,
    customer,
    said: { ...SAID, ...said },
    configVersion: 'version-1',
    countsIn: [],
    defaultCountry: null,
  })
}

describe('what an operator sends by hand', () => {
  test('is one message on the route send, with what was said and the careful policies', () => {
    assert.deepEqual(send(ANN, { requireSessionMs: 30 * DAY }), {
      state: 'planned',
      reason: null,
      configVersion: 'version-1',
      notes: [{ route: 'send', outcome: 'planned', reason: 'a message is planned' }],
      messages: [
        {
          route: 'send',
          state: 'scheduled',
          code: null,
          reason: null,
          customer: ANN,
          policies: {
            mode: 'live',
            template: 'greet',
            channels: ['sms', 'email'],
            findBy: ['externalId', 'email', 'phone'],
            externalSource: { id: 'space-1', name: 'CRM' },
            requireSessionMs: 30 * DAY,
            expireAfterMs: DAY,
            once: null,
            brake: null,
            maxAttempts: 8,
            onUnconfirmed: 'hold',
            activeConversation: 'wait',
            onUndelivered: 'none',
            purpose: 'service',
            oncePerMs: null,
            onRepeat: 'keep',
            quietHours: null,
            cap: null,
            onCap: 'skip',
            countsIn: [],
          },
          dueAt: AT,
          expireAt: AT + DAY,
          names: ['externalId:space-1:C-1', 'phone:+4930123456'],
          cancelKeys: [],
        },
      ],
      cancels: [],
      names: [],
      consent: null,
      suppress: null,
    })
  })

  test('is due at once, and expires from when it was asked for', () => {
    const event = { ...EVENT, occurredAt: AT - 10 * MINUTE }
    const { dueAt, expireAt } = onlyMessage(send(ANN, { expireAfterMs: 60 * MINUTE }, event))
    assert.deepEqual([dueAt, expireAt], [AT, AT + 50 * MINUTE])
  })

  test('may be shown only', () =>
    assert.equal(onlyMessage(send(ANN, { mode: 'shadow' })).policies.mode, 'shadow'))

  test('to somebody whom nothing leads to, it has begun failed and says what to do', () => {
    const plan = send({ externalId: 'C-1' })
    const message = onlyMessage(plan)
    assert.deepEqual([plan.state, message.state, message.code], ['planned', 'failed', 'no-customer'])
    assert.equal(
      message.reason,
      'The event names no customer whom sms or email could reach (looked for phone, email). Name the customer by one of these, then send again.',
    )
    assert.equal(plan.notes[0]?.reason, message.reason)
    const withoutContact = onlyMessage(send(ANN, { findBy: ['email'], requireSessionMs: DAY }))
    assert.match(withoutContact.reason ?? '', /whose contact could be found.*\(looked for email\)/)
  })

  test('is planned as a route of the same words would plan it', () => {
    const lines = ['channels: [sms]', 'brake: none', 'customer: { phone: "+4930123456" }']
    const routed = onlyMessage(planEvent(eventWith({}), configWith({ texts: lines })))
    const sent = onlyMessage(send({ phone: '+4930123456' }, { channels: ['sms'] }))
    assert.deepEqual(sent, { ...routed, route: 'send' })
  })

  test('is of the source cli, of which a webhook can never be', () =>
    assert.throws(() => send(ANN, {}, { ...EVENT, source: 'crm' }), /the source cli/))
})
