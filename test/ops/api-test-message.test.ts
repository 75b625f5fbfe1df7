import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'
import type { PreviewDeps } from '../../src/ops/actions/preview.ts'
import { sendTest } from '../../src/ops/actions/test-message.ts'
import { createManualClock } from '../manual-clock.ts'

/** Each is a route of its own: what its template reads. */
const TEMPLATES: Readonly<Record<string, string>> = {
  plain: 'Hi {{ customer.name }}, {{ data.order.number }} of {{ payload.shop }} is on its way.',
  typed: '{{ event.type }} {{ data.order.number }}',
  addressed: 'You are {{ data.customer.email }}, {{ data.customer.tier }}.',
  broken: '{{ data.nothing }}',
}

const YAML = `genesys:
  externalSource: { id: space-1, name: CRM }
  email: { from: { email: care@example.com } }
sources:
  shop: { preset: standard-webhooks, secrets: [] }
routes:
${Object.keys(TEMPLATES)
  .map((name) => `  ${name}: { on: shop/order.shipped, mode: shadow, template: ${name}, channels: [email] }`)
  .join('\n')}
`

describe('a test of a route', () => {
  const clock = createManualClock()
  let folder: string
  let ledger: Ledger
  let deps: PreviewDeps

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postrider-test-message-'))
    mkdirSync(join(folder, 'templates'))
    mkdirSync(join(folder, 'fixtures'))
    for (const [name, text] of Object.entries(TEMPLATES)) {
      writeFileSync(join(folder, `templates/${name}.liquid`), `---\nsubject: x\n---\n${text}`)
    }
    writeFileSync(join(folder, 'postrider.yaml'), YAML)
    writeFileSync(join(folder, 'fixtures/shipped.json'), JSON.stringify(FIXTURE))
    const loaded = loadConfig({ file: join(folder, 'postrider.yaml'), env: {}, unsetVariables: 'error' })
    assert.ok(loaded.kind === 'loaded', JSON.stringify(loaded))
    ledger = await openLedger({
      url: `sqlite:${join(folder, 'ledger.db')}`,
      clock,
      log: silentLog,
      owner: true,
    })
    deps = { ledger, config: loaded.config, clock, fixtures: join(folder, 'fixtures') }
  })
  after(async () => {
    await ledger.close()
    rmSync(folder, { recursive: true })
  })

  const FIXTURE = {
    source: 'shop',
    body: {
      type: 'order.shipped',
      shop: 'the shop',
      data: {
        order: { number: 'O-1' },
        customer: {
          id: 'C-1',
          email: 'somebody@example.com',
          phone: '+4930123456',
          name: 'Bob',
          tier: 'gold',
        },
      },
    },
  }
  const test = (route: string, to: { email?: string; phone?: string; externalId?: string }) =>
    sendTest(deps, { by: 'ann' }, { route, of: { fixture: 'shipped.json' }, to })

  it('goes to whom the operator names, live though the route is in shadow, with nothing of the other customer’s addresses', async () => {
    const done = await test('plain', { email: 'me@example.com' })
    assert.ok(done.kind === 'planned', JSON.stringify(done))
    const { message } = done
    assert.deepEqual(message.customer, { email: 'me@example.com', name: 'Bob' })
    assert.deepEqual([message.source, message.route, message.policies.mode], ['cli', 'send', 'live'])
    assert.equal(message.expireAt - clock.now(), 3_600_000)
    const event = await ledger.reads.event(message.eventId)
    assert.ok(event)
    assert.doesNotMatch(event.raw.toString(), /somebody@|4930123456|C-1/)
    assert.doesNotMatch(event.key, /me@example/)
  })

  it('is refused where the template says the other customer’s address', async () => {
    assert.equal((await test('addressed', { email: 'me@example.com' })).kind, 'refused')
    const [newest] = await ledger.reads.events({ limit: 1 })
    assert.equal(newest?.type, 'send.test.plain')
  })

  it('is refused where the text would not be the route’s, or there is none', async () => {
    const typed = await test('typed', { email: 'me@example.com' })
    assert.ok(typed.kind === 'refused' && /event\.type/.test(typed.reason), JSON.stringify(typed))
    const broken = await test('broken', { email: 'me@example.com' })
    assert.ok(broken.kind === 'refused' && /data\.nothing/.test(broken.reason), JSON.stringify(broken))
  })

  it('is refused where nobody is named whom the route could reach', async () => {
    for (const to of [{}, { email: 'no address' }, { phone: '+4930123456' }]) {
      assert.equal((await test('plain', to)).kind, 'refused', JSON.stringify(to))
    }
    assert.equal((await test('nowhere', { email: 'me@example.com' })).kind, 'missing')
    assert.equal((await ledger.reads.events({ limit: 10 })).length, 1)
  })

  it('is in the trail, without to whom', async () => {
    const trail = await ledger.reads.audit({ limit: 10 })
    assert.deepEqual(
      trail.map(({ by, action }) => [by, action]),
      [['ann', 'message.test']],
    )
    assert.doesNotMatch(JSON.stringify(trail), /me@example/)
  })
})
