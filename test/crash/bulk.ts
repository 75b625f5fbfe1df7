import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import type { RunReport } from '../../src/ledger/run.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { SANDBOX_CLIENT, startSandbox } from '../../src/sandbox/sandbox.ts'
import { command, jsonOf } from '../commands/run.ts'
import { HELD } from '../contract/held.ts'
import { customerEvent, deliverConfig } from '../deliver/fixtures.ts'
import { startPostrider } from '../run-postrider.ts'
import { testLog } from '../test-log.ts'
import { type Gateway, type Held, startGateway } from './gateway.ts'

type Bulk = {
  messages: number
  ratePerMinute: number
  /** When the service is killed: as soon as so many were sent. */
  killsAfter: readonly number[]
  /** Whether it is waited for until Postrider has found by itself what was on its way when it was killed. */
  toTheEnd: boolean
}

/**
 * Registers the test: so many messages that failed are re-triggered by one command, and the service that does it is killed with SIGKILL in the middle, while requests are on their way that
 * Genesys then acts on. Each message must have been sent exactly once.
 */
export function retryInBulk(bulk: Bulk): void {
  const { messages: count, killsAfter } = bulk
  it(`a bulk re-trigger of ${count} failed messages, killed ${killsAfter.length} times, sends each exactly once`, async (test) => {
    const folder = mkdtempSync(join(tmpdir(), 'postrider-bulk-'))
    const sandbox = await startSandbox({
      port: 0,
      clock: systemClock,
      rateLimitPerMinute: null,
      resolveContact: ({ value }) => ({ id: `contact-${value}` }),
      ...HELD,
    })
    const gateway = await startGateway(sandbox.url)
    const file = join(folder, 'ledger.db')
    const variables = {
      POSTRIDER_CONFIG: join(folder, 'postrider.yaml'),
      DATABASE_URL: `sqlite:${file}`,
      GENESYS_GATEWAY_URL: gateway.url,
      GENESYS_CLIENT_ID: SANDBOX_CLIENT.clientId,
      GENESYS_CLIENT_SECRET: SANDBOX_CLIENT.clientSecret,
    }
    const serve = () => startPostrider(['start'], { cwd: folder, env: variables })
    try {
      await fail(folder, file, bulk)
      const standing = holdings(gateway)
      let service = await serve()
      const said = await command(
        ['messages', 'retry', '--state', 'failed', '--because', 'mended', '--yes', '--json'],
        variables,
      )
      assert.equal(said.code, 0, said.err)
      const { outcomes, run } = jsonOf<{
        outcomes: { outcome: string; count: number }[]
        run: { id: number }
      }>(said)
      assert.deepEqual(
        outcomes.map(({ outcome, count: many }) => [outcome, many]),
        [['sent', count]],
      )
      const ledger = await openLedger({
        url: variables.DATABASE_URL,
        clock: systemClock,
        log: testLog(),
        owner: false,
      })
      let onTheirWay = 0
      try {
        for (const kill of killsAfter) {
          await until(() => (sandbox.counts().message ?? 0) >= kill)
          onTheirWay += await killed(service, standing, file)
          const { state, waiting } = await reportOf(ledger, run.id)
          assert.equal(state, 'running')
          assert.ok(waiting > 0, 'it is killed in the middle of the run')
          service = await serve()
        }
        await until(async () => {
          const { state, messages } = await reportOf(ledger, run.id)
          const moving = messages.scheduled + messages.sending + (bulk.toTheEnd ? messages.unconfirmed : 0)
          return state === 'done' && moving === 0
        })
        const report = await reportOf(ledger, run.id)
        test.diagnostic(JSON.stringify({ ...report, onTheirWay }))
        assert.deepEqual([report.retried, report.refused], [count, 0])
        const { sent, unconfirmed } = report.messages
        assert.equal(sent + unconfirmed, count)
        if (bulk.toTheEnd) assert.equal(sent, count)
        else await assertLookedFor(ledger, unconfirmed, onTheirWay)
      } finally {
        await ledger.close()
      }
      await service.end()

      const times = sandbox.sentTo()
      const contacts = Array.from({ length: count }, (_, n) => `contact-N-${n}`)
      assert.deepEqual(
        contacts.filter((contact) => times.get(contact) !== 1),
        [],
        'each exactly once',
      )
      assert.equal(times.size, count)
    } finally {
      await gateway.close()
      await sandbox.close()
      rmSync(folder, { recursive: true })
    }
  })
}

/** A ledger in which all of these failed before they were tried. */
async function fail(folder: string, file: string, { messages, ratePerMinute }: Bulk): Promise<void> {
  const config = deliverConfig(folder, { genesys: `rateLimitPerMinute: ${ratePerMinute}` })
  const ledger = await openLedger({ url: `sqlite:${file}`, clock: systemClock, log: testLog(), owner: true })
  try {
    for (let from = 0; from < messages; from += 500) {
      const numbers = Array.from({ length: Math.min(500, messages - from) }, (_, n) => from + n)
      await ledger.record(
        numbers.map((n) => {
          const event = customerEvent(n, systemClock.now())
          const plan = planEvent(event, config)
          const failed = {
            state: 'failed',
            code: 'no-contact',
            reason: 'Nobody has these identifiers.',
          } as const
          const planned = plan.messages.map((message) => ({ ...message, ...failed }))
          return { kind: 'event', event, plan: { ...plan, messages: planned }, keepKeyForMs: 1e9 }
        }),
      )
    }
  } finally {
    await ledger.close()
  }
}

type Standing = { begin(): void; held(): readonly Held[]; letGo(): Promise<void> }

/** Lets the sends stand at the gateway while they are wanted to. */
function holdings(gateway: Gateway): Standing {
  let holding = false
  let held: Held[] = []
  const next = () => {
    void gateway.hold('message').then(async (one) => {
      if (holding) held.push(one)
      else {
        next()
        await (await one.forward()).pass()
      }
    })
  }
  return {
    begin() {
      holding = true
      held = []
      // More than a service has on their way.
      for (let n = 0; n < 200; n += 1) next()
    },
    held: () => held,
    async letGo() {
      holding = false
      // Whoever asked is dead; Genesys acts all the same.
      await Promise.all(held.map((one) => one.forward()))
    },
  }
}

/** Kills the service when all that it may have on its way stands before Genesys; answers how many that were. */
async function killed(
  service: Awaited<ReturnType<typeof startPostrider>>,
  standing: Standing,
  file: string,
): Promise<number> {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
  const sending = () =>
    Number(db.prepare(`SELECT count(*) AS n FROM messages WHERE state = 'sending'`).get()?.n)
  try {
    standing.begin()
    let before = -1
    await until(async () => {
      const now = standing.held().length
      const isStill = now > 0 && now === before && now === sending()
      before = now
      // As long as it takes for one more to come, were there room for it.
      await systemClock.sleep(isStill ? 0 : 250)
      return isStill
    })
    await service.end('SIGKILL')
    await standing.letGo()
    return standing.held().length
  } finally {
    db.close()
  }
}

/** What was on its way is looked for by Postrider itself; nothing else is. */
async function assertLookedFor(ledger: Ledger, unconfirmed: number, onTheirWay: number): Promise<void> {
  const left = await ledger.reads.messages({ state: 'unconfirmed', limit: 1_000 })
  assert.equal(left.length, unconfirmed)
  assert.ok(unconfirmed <= onTheirWay)
  for (const { code, lookAt, attempts } of left) {
    assert.equal(code, 'interrupted')
    assert.notEqual(lookAt, null)
    assert.equal(attempts, 1)
  }
}

async function reportOf(ledger: Ledger, id: number): Promise<RunReport> {
  const report = await ledger.reads.run(id)
  assert.ok(report)
  return report
}

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) await systemClock.sleep(20)
}
