import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { serialize } from 'node:v8'
import fc from 'fast-check'
import type { Config } from '../../src/config/config.ts'
import type { Recordable } from '../../src/ledger/ledger.ts'
import { createLog } from '../../src/log.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { type Delivery, receive } from '../../src/receive/receive.ts'
import { createRefusals } from '../../src/receive/refusals.ts'
import { answerOf, isAccepted, type Reply } from '../../src/receive/reply.ts'
import { createManualClock } from '../manual-clock.ts'
import { fuzzedConfig, NOW, unsignedDeliveries } from './authentic.ts'
import { BODY_MUTATIONS } from './body-mutations.ts'
import { assertUnpolluted, inTime } from './bounds.ts'
import { agrees } from './libraries.ts'
import { changed, type Mutation, mutationOf, ON_THE_WAY } from './mutations.ts'
import { SENDERS, type Sender, type Sent } from './senders.ts'

/** `by`: who signs it. `before`: the sender's own changes, which it signs; `behind`: what happens to it afterwards. `skewMs`: how long before NOW it is signed. */
export type Case = {
  which: number
  other: number
  by: 'sender' | 'stranger' | 'nobody'
  before: readonly Mutation[]
  behind: readonly Mutation[]
  skewMs: number
}

/** Each sender as often as any other, however many examples it has. */
export function cases(): fc.Arbitrary<Case> {
  return fc.record({
    which: fc.nat(),
    other: fc.nat(),
    by: fc.constantFrom('sender', 'sender', 'sender', 'sender', 'stranger', 'nobody'),
    before: fc.array(mutationOf(BODY_MUTATIONS), { maxLength: 3, size: 'max' }),
    behind: fc.oneof(
      { weight: 1, arbitrary: fc.constant<readonly Mutation[]>([]) },
      { weight: 3, arbitrary: fc.array(mutationOf(ON_THE_WAY), { minLength: 1, maxLength: 4, size: 'max' }) },
    ),
    skewMs: fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -302_000, max: 302_000 }) },
      { weight: 1, arbitrary: fc.constantFrom(-301_000, -300_000, 300_000, 300_999, 301_000, 1e9, -1e9) },
    ),
  })
}

const SAMPLES = Map.groupBy(unsignedDeliveries(), ({ source }) => source)
const NAMES = Object.keys(SENDERS)

function sampleOf(config: Config, which: number): { sent: Sent; sender: Sender; secret: string } {
  const name = NAMES[which % NAMES.length] ?? ''
  const samples = SAMPLES.get(name) ?? []
  const sent = samples[Math.floor(which / NAMES.length) % samples.length]
  const secrets = config.sources.get(name)?.secrets ?? []
  const [sender, secret] = [SENDERS[name], secrets[which % (secrets.length || 1)]]
  assert.ok(sent && sender && secret !== undefined, `${name} has an example and a secret`)
  return { sent, sender, secret }
}

/** What arrives, and what its sender has really signed; null: nobody who has the secret signed anything. */
export function arrivedFor(one: Case, config: Config): { sent: Sent; signed: Sent | null } {
  const { sent, sender, secret } = sampleOf(config, one.which)
  const theirs = sampleOf(config, one.other)
  const at = NOW - one.skewMs
  const other = theirs.sender.sign(theirs.sent, theirs.secret, at)
  const own = changed(sent, one.before, other)
  if (one.by === 'nobody') return { sent: changed(own, one.behind, other), signed: null }
  const signed = sender.sign(own, one.by === 'sender' ? secret : 'whsec_c29tZWJvZHkgZWxzZSdz', at)
  return { sent: changed(signed, one.behind, other), signed: one.by === 'sender' ? signed : null }
}

/** Throws where the delivery proves nothing, by what the sender itself says of signing. */
export function assertProven(sent: Sent, genuine: readonly (Sent | null)[], config: Config): void {
  const sender = SENDERS[sent.source]
  const secrets = config.sources.get(sent.source)?.secrets ?? []
  assert.ok(sender, `${sent.source} was accepted, of which nobody says how it signs`)
  if (sender.kind === 'token') {
    const proven = secrets.some((secret) => {
      const { given, expected } = sender.tokens(sent, secret)
      return given.length === 1 && given[0] === expected
    })
    assert.ok(proven, 'accepted without its token, or with more than one')
    return
  }
  const proof = sender.proof(sent)
  assert.ok(proof, 'accepted without a proof of its sender’s form')
  assert.ok(
    secrets.some((secret) => proof.signatures.includes(sender.mac(proof.bytes, secret))),
    'accepted, and no secret makes this signature of what came',
  )
  const ageMs = proof.at === null ? 0 : NOW - proof.at
  assert.ok(Math.abs(ageMs) < 301_000, `accepted, signed ${ageMs} ms ago`)
  const isGenuine = genuine.some((one) => one && sender.proof(one)?.bytes.equals(proof.bytes))
  assert.ok(isGenuine, 'accepted, and its sender has signed other bytes')
}

/** A line of the log has at most as many fields as there are, of 1,000 characters. */
const LONGEST_LINE = 8_000
/** An event says of itself what the ledger has a place for. */
const LONGEST_KEY = 255

/** How often which answer was given, `crm recorded`. */
export type Tally = Map<string, number>

/** The way of a delivery from its last byte to its answer, without HTTP and disk, and everything that must hold of it. */
export function createReceiver(tally: Tally) {
  const config = fuzzedConfig()
  let longestLine = 0
  const stream = new Writable({
    decodeStrings: false,
    write(line: string, _, done) {
      longestLine = Math.max(longestLine, line.length)
      done()
    },
  })
  const log = createLog({ level: 'debug', pretty: false, stream })
  const clock = createManualClock(NOW)
  const ledger = {
    record: async (entries: readonly Recordable[]) => entries.map(recorded),
    countRefused: () => {},
    keepRefused: ({ rawHeaders }: { rawHeaders: readonly string[] }) =>
      assert.ok(
        rawHeaders.reduce((sum, { length }) => sum + length, 0) <= 8 * 1024,
        'kept headers are bounded',
      ),
  }
  const noteRefusal = createRefusals({ ledger, clock, log })

  async function answered(sent: Sent): Promise<Reply> {
    const { headers, ...request } = sent
    const delivery: Delivery = { ...request, rawHeaders: headers.flat(), receivedAt: NOW }
    const reply = await receive(delivery, { config, ledger, plan: planEvent, log })
    if (!isAccepted(reply)) {
      assert.ok(answerOf(reply).status < 500, `answered ${reply.kind}`)
      noteRefusal(config.sources.has(sent.source) ? sent.source : '(unknown)', reply, delivery)
    }
    return reply
  }

  return {
    config,
    /** Throws what must not be. */
    async judge(one: Case): Promise<void> {
      const { sent, signed } = arrivedFor(one, config)
      const reply = await inTime(`a delivery of ${sent.source}`, () => answered(sent))
      const place = `${sent.source} ${reply.kind}`
      tally.set(place, (tally.get(place) ?? 0) + 1)
      const proves = isAccepted(reply) && reply.kind !== 'ping'
      if (proves) {
        // Somebody else's genuine delivery may have come to its own source by a change.
        assertProven(sent, [signed, genuineOf(one, config)], config)
        assert.ok(agrees(sent, config, NOW), 'accepted, and the sender’s own library refuses it')
      }
      const isUntouched = one.by === 'sender' && one.behind.length === 0 && Math.abs(one.skewMs) <= 300_000
      const needsObject = sent.source === 'in-body' && one.before.length > 0
      if (isUntouched && !needsObject)
        assert.ok(isAccepted(reply), `refused, as its sender signed it: ${reply.kind}`)
      assertUnpolluted()
      assert.ok(longestLine <= LONGEST_LINE, `a line of the log has ${longestLine} characters`)
    },
  }
}

/** The delivery of somebody else, as that one signed it. */
export function genuineOf(one: Case, config: Config): Sent {
  const { sent, sender, secret } = sampleOf(config, one.other)
  return sender.sign(sent, secret, NOW - one.skewMs)
}

function recorded(entry: Recordable) {
  assert.ok(entry.event.key.length <= LONGEST_KEY, 'the key of an event is bounded')
  // As they go to the ledger's thread.
  serialize(entry)
  const messageIds = entry.kind === 'event' ? entry.plan.messages.map((_, n) => n) : []
  return { kind: 'recorded' as const, eventId: 1, messageIds }
}
