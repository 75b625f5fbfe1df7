import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { createNames, kindOf } from '../../src/ledger/names.ts'
import { joinBodies, numberIn, partBodies, policiesOfText, policiesText } from '../../src/ledger/wire.ts'
import type { Policies } from '../../src/message.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { configWith, eventWith, onlyMessage, TICKET } from '../plan/house.ts'

const policies = () => onlyMessage(planEvent(eventWith(TICKET), configWith({ greet: [] }))).policies

test('bodies come apart as they were joined, and none out of what is not there', () => {
  const bodies = ['one', '', 'three'].map((text) => Buffer.from(text))
  const body = partBodies(joinBodies(bodies))
  assert.deepEqual(
    bodies.map(({ length }) => body(length)),
    bodies,
  )
  assert.throws(() => body(1), /a body did not come/)
  assert.throws(() => numberIn(undefined), /not where it belongs/)
})

test('policies are stored as JSON has them, and equal texts are one object', () => {
  const own = policies()
  const text = policiesText(own)
  assert.equal(text, JSON.stringify(own))
  const read = policiesOfText(text)
  assert.deepEqual(read, own)
  assert.equal(policiesOfText(text), read)
  assert.equal(policiesText(read), text)
})

test('policies with a key of once are told apart, however many there are', () => {
  const own = policies()
  const all = Array.from({ length: 1000 }, (_, n): Policies => ({ ...own, once: `T-${n}` }))
  const texts = all.map(policiesText)
  assert.deepEqual(texts.map(policiesOfText), all)
  assert.deepEqual(texts.map(policiesOfText), all)
})

test('a name is kept as its HMAC-SHA256, but for the byte that says what it is', () => {
  for (const length of [0, 32, 64]) {
    const key = Buffer.alloc(length, 0xa5)
    for (const name of ['email:ann@example.com', 'phone:+4930123456', 'externalId:space-1:Ünal', 'other']) {
      const [hash = Buffer.alloc(0)] = createNames(key).hashesOf([name, name])
      const mac = createHmac('sha256', key).update(name).digest()
      assert.deepEqual(hash.subarray(0, 15), mac.subarray(0, 15))
      assert.equal(kindOf(hash), name === 'other' ? '' : name.slice(0, name.indexOf(':')))
    }
  }
})
