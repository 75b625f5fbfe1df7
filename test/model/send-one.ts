import assert from 'node:assert/strict'
import { putOffByQuiet } from '../../src/deliver/put-off.ts'
import { silentLog } from '../../src/log.ts'
import type { Driver, Held } from './driver.ts'
import { heldBy, postpone } from './reference-claim.ts'
import { open, quietEnd } from './reference-open.ts'
import { withdraw } from './reference-settling.ts'

/** The way of a claimed message as `deliver` has it, up to its request: too late, too early in the day, and the last look. */
export async function sendOne({ claimed, mark }: Held, driver: Driver): Promise<string> {
  const { chance, clock, config, ledger, ref } = driver
  const { lease, message } = claimed
  const { id } = message
  if (message.expireAt < clock.now()) {
    const did = await ledger.postpone(lease, { inMs: 0, code: null, reason: null })
    assert.equal(did, postpone(ref, id, mark, 0, null))
    return `too late for ${id}`
  }
  const isOff = await putOffByQuiet(claimed, { ledger, config, clock, log: silentLog })
  const own = heldBy(ref, id, mark)
  const until = own && quietEnd(ref, own)
  if (own) assert.equal(isOff, until !== null, 'whether it is quiet')
  if (until !== null) postpone(ref, id, mark, until - ref.now, 'quiet-hours')
  if (isOff) return `quiet for ${id} until ${until}`

  const channel = chance.is(0.8) ? message.channel : chance.pick(message.policies.channels)
  const opened = await ledger.open(lease, {
    channel,
    contactId: null,
    foundBy: null,
    address: null,
    session: null,
    rendered: { channel, text: 'Hello', templateVersion: 'greet.liquid@12345678' },
    mode: message.manualBy === null ? message.policies.mode : 'live',
  })
  const said = 'code' in opened ? `${opened.kind} ${opened.code}` : opened.kind
  assert.equal(said, open(ref, id, mark, channel), 'the last look')
  if (opened.kind === 'open') {
    assert.equal(opened.attempt.id, ref.attempts.length)
    driver.inFlight.push(opened.attempt.id)
    // Its answer was lost. Whoever settles it later is too late.
    if (chance.is(0.05)) {
      assert.equal(await ledger.withdraw(lease, { inMs: 1_000 }), withdraw(ref, id, mark, 1_000))
      return `withdraw ${id}`
    }
  }
  return `open ${id} over ${channel}: ${said}`
}
