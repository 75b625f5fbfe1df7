import assert from 'node:assert/strict'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import type { Gateway } from './gateway.ts'
import type { Place } from './sides.ts'

export type Step = {
  name: string
  /** Runs until the service stands at the step, with `post` sending one event; the service is killed when it resolves. */
  reach(world: World): Promise<void>
  /** What the message may be in the end, and how often Genesys may have sent it in each case. */
  ends: Readonly<Record<string, readonly number[]>>
}

export type World = {
  gateway: Gateway
  sandbox: Sandbox
  place: Place
  /** Posts one event; answers the status. */
  post(): Promise<number>
  /** Runs when the service is dead. */
  afterwards(what: () => Promise<void>): void
}

/** Every step between receipt and settled outcome at which a service can die. */
export const STEPS: readonly Step[] = [
  {
    name: 'after the answer',
    async reach({ post }) {
      assert.equal(await post(), 200)
    },
    ends: { sent: [1], unconfirmed: [0, 1] },
  },
  {
    name: 'after the claim, at the look-up',
    async reach({ gateway, post }) {
      const lookup = gateway.hold('lookup')
      assert.equal(await post(), 200)
      await lookup
    },
    ends: { sent: [1] },
  },
  {
    name: 'after open, before the request leaves',
    // The token of the look-up is revoked, so that the send, opened already, waits for a new one.
    async reach({ gateway, sandbox, post }) {
      const lookup = gateway.hold('lookup')
      assert.equal(await post(), 200)
      const answered = await (await lookup).forward()
      const message = gateway.hold('message')
      const token = gateway.hold('token')
      sandbox.revokeTokens()
      await answered.pass()
      await (await (await message).forward()).pass()
      await token
    },
    ends: { unconfirmed: [0] },
  },
  {
    name: 'while Genesys holds the request and has not acted',
    async reach({ gateway, post }) {
      const message = gateway.hold('message')
      assert.equal(await post(), 200)
      await message
    },
    ends: { unconfirmed: [0] },
  },
  {
    name: 'while Genesys holds the request and has acted',
    async reach({ gateway, post }) {
      const message = gateway.hold('message')
      assert.equal(await post(), 200)
      await (await message).forward()
    },
    ends: { unconfirmed: [1] },
  },
  {
    name: 'after Genesys answered, before the outcome is written',
    // Somebody else holds the ledger's write lock, so that the outcome cannot be written while the answer arrives.
    async reach({ gateway, place, post, afterwards }) {
      const message = gateway.hold('message')
      assert.equal(await post(), 200)
      const answered = await (await message).forward()
      const lock = await place.lockWrites()
      afterwards(lock.letGo)
      await answered.pass()
    },
    ends: { unconfirmed: [1] },
  },
]
