import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Ledger } from '../../src/ledger/ledger.ts'
import {
  claimOne,
  draft,
  entry,
  happens,
  messageWith,
  openOne,
  planned,
  SENT,
  schedule,
} from './contract/build.ts'
import {
  ANN,
  countIn,
  eraseFrom,
  fill,
  JOANN,
  leftOfAnn,
  namesOf,
  type Person,
  type PurgeHarness,
  postgresPurgeHarness,
  sqlitePurgeHarness,
} from './purging.ts'

/** All that a ledger shows of a person. */
async function shownOf(ledger: Ledger, { email }: Person) {
  const messages = await ledger.reads.messages({ customer: { email }, limit: 100 })
  const events = await Promise.all(messages.map(({ eventId }) => ledger.reads.event(eventId)))
  const attempts = await Promise.all(messages.map(({ id }) => ledger.reads.attempts(id)))
  return { messages, events, attempts }
}

for (const [name, fresh, size] of [
  ['a SQLite file', sqlitePurgeHarness, { runs: 20, messages: 1_000 }],
  // A database takes a tenth of a second to make, and each row five times as long as in a file.
  ['a PostgreSQL database', postgresPurgeHarness, { runs: 4, messages: 300 }],
] as const) {
  describe(`purge of ${name}`, () => purging(fresh, size))
}

function purging(fresh: () => Promise<PurgeHarness>, size: { runs: number; messages: number }): void {
  async function on(body: (harness: PurgeHarness) => Promise<void>): Promise<void> {
    const harness = await fresh()
    try {
      await body(harness)
    } finally {
      await harness.dispose()
    }
  }

  test('beside a service: nothing of a customer is left, others keep all, and figures stay', async () => {
    await on(async (harness) => {
      const ledger = await harness.open()
      await ledger.beat({ id: 'i', host: 'h', pid: 1, configVersion: 'v', startedAt: harness.clock.now() })
      await fill(ledger, harness, ANN)
      await ledger.releaseKey('a'.repeat(64))
      await fill(ledger, harness, JOANN)
      assert.ok((await leftOfAnn(harness)) > 20)
      const [before, joann] = [await ledger.reads.summary(), await shownOf(ledger, JOANN)]
      assert.equal(joann.messages.length, 5)

      const erased = await eraseFrom(harness, ANN, ledger)
      assert.deepEqual(erased.left, [])
      assert.equal(await leftOfAnn(harness), 0)
      assert.deepEqual([erased.messages, erased.cancelled, erased.events], [5, 2, 7])
      assert.deepEqual(await shownOf(ledger, JOANN), joann)
      assert.deepEqual((await shownOf(ledger, ANN)).messages, [])
      const { messages, events } = await ledger.reads.summary()
      assert.deepEqual(events, before.events)
      const { scheduled, cancelled, unconfirmed, failed } = before.messages
      assert.deepEqual(messages, {
        ...before.messages,
        scheduled: scheduled - 2,
        cancelled: cancelled + 2,
        unconfirmed: unconfirmed - 1,
        failed: failed + 1,
      })
      const trail = await ledger.reads.audit({ limit: 2 })
      assert.deepEqual(
        trail.map(({ action, by }) => [action, by]),
        [
          ['customer.erased', 'op'],
          ['customer.erase', 'op'],
        ],
      )
      // The service goes on.
      await happens(ledger, harness)
    })
  })

  test('what comes of the customer afterwards is recorded and not sent, and the same once more erases that', async () => {
    await on(async (harness) => {
      const ledger = await harness.open()
      await fill(ledger, harness, ANN)
      await eraseFrom(harness, ANN)
      const again = await eraseFrom(harness, ANN)
      assert.deepEqual([again.messages, again.events, again.others, again.suppressed], [0, 0, 0, 0])
      const later = await schedule(ledger, harness, { customer: ANN, names: namesOf(ANN) })
      const { lease } = await claimOne(ledger)
      assert.equal((await ledger.open(lease, draft())).kind, 'skipped')
      assert.equal((await messageWith(ledger, later)).code, 'suppressed')
      const third = await eraseFrom(harness, ANN)
      assert.deepEqual([third.messages, third.left], [1, []])
      assert.equal((await messageWith(ledger, later)).code, 'suppressed')
    })
  })

  test('what is being sent is left until it is settled', async () => {
    await on(async (harness) => {
      const ledger = await harness.open()
      const id = await schedule(ledger, harness, { customer: ANN, names: namesOf(ANN) })
      const { id: attemptId } = await openOne(ledger)
      const first = await eraseFrom(harness, ANN)
      assert.deepEqual(first.sending, [id])
      assert.ok(first.left.length > 0)
      assert.equal(await ledger.settle(attemptId, SENT), true)
      const second = await eraseFrom(harness, ANN)
      assert.deepEqual([second.sending, second.left, second.messages], [[], [], 1])
      assert.equal((await messageWith(ledger, id)).state, 'sent')
    })
  })

  test('a short external id is looked for by its names alone', async () => {
    await on(async (harness) => {
      const ledger = await harness.open()
      const short = { ...ANN, externalId: '42' }
      const id = await schedule(ledger, harness, {
        customer: { externalId: '42' },
        names: ['externalId:crm:42'],
      })
      const other = await schedule(ledger, harness, {
        customer: { externalId: '42' },
        names: ['externalId:shop:42'],
      })
      const { eventId } = await happens(ledger, harness, { raw: Buffer.from('{"order":42}') })
      assert.equal((await eraseFrom(harness, short)).messages, 1)
      assert.ok((await messageWith(ledger, id)).removed)
      assert.equal((await messageWith(ledger, other)).customer.externalId, '42')
      assert.equal((await ledger.reads.event(eventId))?.removed, undefined)
    })
  })

  test('however a body writes the identifiers, it is found and nothing is left of it', async () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{2,8}$/)
    const written = fc.constantFrom<(person: Person) => string>(
      ({ email }) => email,
      ({ email }) => email.toUpperCase(),
      ({ email }) => encodeURIComponent(email),
      ({ email }) => email.replace('@', '\\u0040'),
      ({ phone }) => phone,
      ({ phone }) => phone.replaceAll(' ', ''),
      ({ phone }) => phone.replaceAll(' ', '-'),
      ({ phone }) => encodeURIComponent(phone),
      ({ phone }) => phone.replace('+', '00'),
      ({ externalId }) => externalId,
    )
    await fc.assert(
      fc.asyncProperty(
        word,
        word,
        fc.integer({ min: 2_010_000, max: 9_899_999 }),
        fc.array(fc.tuple(written, fc.string()), { minLength: 1, maxLength: 6 }),
        (name, domain, number, bodies) =>
          on(async (harness) => {
            const digits = String(number)
            const person = {
              externalId: `id-${name}-${digits}`,
              email: `${name}@${domain}.example.org`,
              phone: `+1 317 ${digits.slice(0, 3)} ${digits.slice(3)}`,
            }
            const ledger = await harness.open()
            const ids: number[] = []
            for (const [write, around] of bodies) {
              const raw = Buffer.from(`{"a":${JSON.stringify(around)},"b":"${write(person)}"}`)
              const messages = [planned(harness.clock.now(), { customer: {}, route: 'r' })]
              ids.push((await happens(ledger, harness, { raw, messages })).eventId)
            }
            const { left, events } = await eraseFrom(harness, person)
            assert.deepEqual(left, [])
            assert.equal(events, ids.length)
            for (const id of ids) assert.equal((await ledger.reads.event(id))?.raw.length, 0)
            const forms = [person.email, encodeURIComponent(person.email), `317${digits}`, person.externalId]
            assert.equal(countIn(await harness.content(), forms), 0)
          }),
      ),
      { numRuns: size.runs },
    )
  })

  test('killed at any step, nothing is sent meanwhile, and the same once more ends it', async () => {
    await on(async (harness) => {
      const ledger = await harness.open()
      const now = harness.clock.now()
      const message = planned(now, { customer: ANN, names: namesOf(ANN) })
      await ledger.record(
        Array.from({ length: size.messages }, (_, n) =>
          entry(now, `hers-${n}`, [message], { raw: Buffer.from(JSON.stringify({ customer: ANN, n })) }),
        ),
      )
      await ledger.close()
      let kills = 0
      for (let steps = 1; await killedAfter(steps, harness); steps += 1) {
        kills += 1
        const again = await harness.open()
        for (const { lease } of (await again.claim({ owner: 'w', limit: 1, leaseMs: 1_000 })).messages) {
          assert.notEqual((await again.open(lease, draft())).kind, 'open')
        }
        await again.close()
        harness.assertSound()
      }
      assert.ok(kills >= 3, `killed ${kills} times`)
      assert.equal(await leftOfAnn(harness), 0)
      const messages = await (await harness.open()).reads.messages({ limit: 2_000 })
      assert.equal(messages.length, size.messages)
      assert.equal(messages.filter(({ removed }) => removed === null).length, 0)
    })
  })
}

/** Lets a process erase Ann until it said so many steps, and kills it. False: it came to its end before, and left nothing. */
async function killedAfter(steps: number, { url, key, clock }: PurgeHarness): Promise<boolean> {
  const program = new URL('./purge-process.ts', import.meta.url).pathname
  const args = [program, url, String(clock.now()), Buffer.from(key ?? []).toString('base64')]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const said: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line)
    if (said.length === steps && line !== 'done') child.kill('SIGKILL')
  }
  const [code, signal] = await exited
  assert.ok(code === 0 || signal === 'SIGKILL', `it ended with ${code}`)
  if (code === 0) assert.equal(said.at(-1), 'done')
  return code !== 0
}
