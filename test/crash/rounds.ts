import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { HELD } from '../contract/held.ts'
import type { Running } from '../run-postrider.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { furnish, hookOf, newId, signed, startIn } from './setting.ts'
import type { Place, Side } from './sides.ts'
import { STEPS, type Step } from './steps.ts'

/**
 * Registers the tests: a real service, killed with SIGKILL at each step between receipt and settled outcome and started again, so many times a step, `beside` of them at a time. What was
 * acknowledged must end sent exactly once, or stand `unconfirmed` and only where an attempt was open. How long it took until that was settled is told.
 */
export function killAtEveryStep(
  side: Side,
  roundsPerStep: number,
  { beside = 1, steps = STEPS }: { beside?: number; steps?: readonly Step[] } = {},
): void {
  describe(`a service on ${side.name} killed at any step`, () => {
    let folder: string
    const resumed: number[] = []

    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'postrider-kill-'))
      furnish(folder)
    })
    after(() => rmSync(folder, { recursive: true }))

    describe('sends once, or knows that it does not know', { concurrency: beside }, () => {
      for (const step of steps) {
        for (let round = 1; round <= roundsPerStep; round += 1) {
          it(`${step.name} (${round})`, async () => {
            const ticket = `${step.name} (${round})`
            const place = await side.place(folder, ticket.replaceAll(/\W+/g, '-'))
            const sandbox = await startSandbox({
              port: 0,
              clock: systemClock,
              rateLimitPerMinute: null,
              ...HELD,
            })
            const gateway = await startGateway(sandbox.url)
            try {
              resumed.push(await killAt(step, { ticket, place, sandbox, gateway, folder }))
            } finally {
              await gateway.close()
              await sandbox.close()
              await place.remove()
            }
          })
        }
      }
    })

    it('goes on by itself', (test) => {
      assert.equal(resumed.length, steps.length * roundsPerStep)
      const sorted = resumed.toSorted((a, b) => a - b)
      const seconds = (at: number) => ((sorted[at] ?? Number.NaN) / 1000).toFixed(1)
      const [median, longest] = [seconds(sorted.length >> 1), seconds(sorted.length - 1)]
      test.diagnostic(`${sorted.length} kills; settled within ${median} s (median), ${longest} s (longest)`)
    })
  })
}

/** One round; answers how long after the second start the message was settled, in milliseconds. */
async function killAt(
  step: Step,
  around: { ticket: string; place: Place; sandbox: Sandbox; gateway: Gateway; folder: string },
): Promise<number> {
  const { ticket, place, sandbox, gateway, folder } = around
  const first = await startIn(folder, gateway.url, place.env)
  let acknowledged = 0
  const afterwards: (() => Promise<void>)[] = []
  await step.reach({
    gateway,
    sandbox,
    place,
    async post() {
      const status = await postEvent(first, ticket)
      if (status === 200) acknowledged += 1
      return status
    },
    afterwards: (what) => void afterwards.push(what),
  })
  await first.end('SIGKILL')
  for (const what of afterwards) await what()
  assert.equal(acknowledged, 1)

  const began = performance.now()
  const second = await startIn(folder, gateway.url, place.env)
  const message = await settled(place)
  const took = performance.now() - began
  await second.end('SIGKILL')

  const sent = sandbox.messages().filter((one) => one.text.includes(ticket)).length
  const allowed = step.ends[message.state]
  assert.ok(allowed, `the message is ${message.state} (${message.reason})`)
  assert.ok(allowed.includes(sent), `it is ${message.state} and was sent ${sent} times`)
  if (message.state === 'unconfirmed') {
    assert.equal(message.attempts, 1, 'only where an attempt was open')
    assert.equal(message.code, 'interrupted')
    assert.match(message.reason ?? '', /settle/)
  }
  return took
}

async function postEvent(service: Running, ticket: string): Promise<number> {
  const now = Date.now()
  const event = { ticket, customer: 'C-1001', id: newId(), happenedAt: now, at: now }
  const response = await fetch(hookOf(service), signed(event))
  await response.arrayBuffer()
  return response.status
}

/** Longer than an instance is missed for, and its messages are taken over. */
const LONGEST_MS = 60_000

/** The ledger's one message, when nothing more happens to it by itself. */
async function settled(place: Place) {
  const ledger = await place.look()
  try {
    const until = Date.now() + LONGEST_MS
    for (;;) {
      const messages = await ledger.reads.messages({ limit: 10 })
      assert.equal(messages.length, 1, 'one event, one message')
      const [message] = messages
      if (message && message.state !== 'scheduled' && message.state !== 'sending') return message
      assert.ok(Date.now() < until, `the message is still ${message?.state}: ${message?.reason}`)
      await systemClock.sleep(20)
    }
  } finally {
    await ledger.close()
  }
}
