import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { post } from '../../src/commands/deliveries.ts'
import { type SignedDelivery, type Signer, sign, tampered } from '../../src/commands/sign-delivery.ts'
import type { Config } from '../../src/config/config.ts'
import { type Expectation, type Fixture, fixtureFiles, readFixture } from '../../src/config/fixtures.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import type { Listening } from '../../src/listen.ts'
import type { Message } from '../../src/message.ts'
import { schemeOf } from '../../src/receive/sources/scheme-of.ts'
import { startServer } from '../../src/server.ts'
import { testLog } from '../test-log.ts'

const ROOT = join(import.meta.dirname, '../..')
const CONFIG: Readonly<Record<string, string>> = { crm: 'examples/demo/postrider.yaml' }
const ALL_OTHERS = 'examples/sources/postrider.yaml'

/** Every example delivery of every sender, signed as that sender does it, over HTTP, into a real ledger. */
describe('fixtures through a live server', () => {
  for (const folder of readdirSync(join(ROOT, 'fixtures')).sort()) {
    describe(folder, () => {
      let service: Awaited<ReturnType<typeof start>>

      before(async () => {
        service = await start(CONFIG[folder] ?? ALL_OTHERS)
      })
      after(() => service.stop())

      for (const file of fixtureFiles(join(ROOT, 'fixtures', folder))) {
        test(`${basename(file)}: as expected, and twice is once`, async () => {
          const fixture = fixtureIn(file)
          const signer = signerOf(service.config, fixture.source, service.url)
          const delivery = sign(fixture, signer, { skewMs: 0, fresh: false })

          // Two fixtures may stand for one event, which comes twice.
          const isSaid = folder === 'crm' && fixture.headers?.['webhook-id'] !== undefined
          assert.equal((await post(forged(delivery, signer))).status, 401, 'changed on the way')
          const before = await service.kept()
          const first = await post(delivery)
          assert.equal(first.status, 200, first.answer)
          const once = await service.kept()
          const again = await post(delivery)
          assert.deepEqual([again.status, await service.kept()], [200, once], 'the same delivery again')

          assert.ok(isSaid || once.events.length > before.events.length, 'it is kept')
          const isNew = (id: number) => !before.messages.some((message) => message.id === id)
          const planned = once.messages.filter(({ id }) => isNew(id))
          if (!isSaid) assert.deepEqual(planned.map(({ route }) => route).sort(), routesOf(fixture.expect))
          for (const { route, state, code, reason } of planned) {
            const expected = fixture.expect?.filter((one) => one.route === route) ?? []
            assert.ok(
              expected.some((one) => isBegun(one, { state, code, reason })),
              `${route} is ${state} (${code}), expected ${JSON.stringify(expected)}`,
            )
          }
        })
      }
    })
  }
})

function fixtureIn(file: string): Fixture {
  const read = readFixture(file)
  assert.ok(read.kind === 'read', read.kind === 'invalid' ? `${file}: ${read.reason}` : '')
  return read.fixture
}

function signerOf(config: Config, name: string, service: string): Signer {
  const source = config.sources.get(name)
  const secret = source?.secrets[0]
  assert.ok(source && secret !== undefined, `${name} is a source with a secret`)
  return { source, secret, service }
}

/** What anybody could have made of it who has not the secret. */
function forged(delivery: SignedDelivery, signer: Signer): SignedDelivery {
  return tampered(delivery, signer, schemeOf(signer.source).kind === 'token' ? 'signature' : 'body')
}

function routesOf(expect: readonly Expectation[] | null): string[] {
  return (expect ?? []).map(({ route }) => route).sort()
}

/** Nothing is sent here: what is to be sent later, or to be found out from Genesys, is scheduled. */
function isBegun(
  expected: Expectation,
  { state, code, reason }: Pick<Message, 'state' | 'code' | 'reason'>,
): boolean {
  if (expected.state !== 'failed' && expected.state !== 'skipped') return state === 'scheduled'
  if (state === 'scheduled') return expected.reason !== undefined
  const isSo = expected.reason === undefined || expected.reason === code
  return state === expected.state && (isSo || reason?.includes(expected.reason ?? '') === true)
}

async function start(file: string) {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-fixtures-'))
  const loaded = loadConfig({ file: join(ROOT, file), env: {}, unsetVariables: 'error' })
  assert.ok(loaded.kind === 'loaded', JSON.stringify(loaded))
  const { config } = loaded
  const log = testLog()
  const url = `sqlite:${join(folder, 'ledger.db')}`
  const ledger: Ledger = await openLedger({ url, clock: systemClock, log, owner: true })
  const server: Listening = await startServer({
    config,
    ledger,
    clock: systemClock,
    log,
    sender: async () => ({ sendsTo: 'sandbox', inFlight: 0, pauses: [] }),
    host: '127.0.0.1',
    port: 0,
    trustProxy: 0,
  })
  return {
    config,
    url: server.url,
    async kept() {
      const events = await ledger.reads.events({ limit: 1000 })
      const messages = await ledger.reads.messages({ limit: 1000 })
      return { events, messages }
    },
    async stop() {
      await server.close()
      await ledger.close()
      rmSync(folder, { recursive: true })
    },
  }
}
