import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { presetNamed } from '../../src/receive/sources/presets.ts'
import { ROOT } from '../run-postrider.ts'
import { command, jsonOf, temporaryFolder } from './run.ts'

type SourceJson = {
  name: string
  preset: string
  url: string
  secrets: number
  proof: string
  weakness: string | null
  setup: { steps: string[]; body: string | null }
  types: { sender: string; type: string; when: string | null }[]
}

const EXAMPLES = join(ROOT, 'examples/sources/postrider.yaml')
const loaded = loadConfig({ file: EXAMPLES, env: {}, unsetVariables: 'error' })
if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems))
const sources = [...loaded.config.sources.values()]
const secrets = sources.flatMap((source) => source.secrets)

describe('sources', () => {
  const folder = temporaryFolder()
  after(() => folder[Symbol.dispose]())

  const run = (args: readonly string[], variables = {}) =>
    command(['sources', ...args], { POSTRIDER_CONFIG: EXAMPLES, ...variables })
  const shown = async (...args: Parameters<typeof run>) => {
    const said = await run(...args)
    assert.equal(said.code, 0, said.err)
    return said.out
  }
  const shownJson = async (name: string, variables = {}) =>
    JSON.parse(await shown(['show', name, '--json'], variables)) as SourceJson
  /** A configuration with one source `shop`. */
  const withSource = (source: string) => ({
    POSTRIDER_CONFIG: folder.write(
      'postrider.yaml',
      `genesys: {}\nsources: { shop: { ${source} } }\nroutes: {}\n`,
    ),
  })

  it('list names each with its preset, how many secrets it has and its URL', async () => {
    const out = await shown(['list'])
    assert.match(out, /^NAME +PRESET +SECRETS +URL$/m)
    assert.match(out, /^shopify +shopify +1 +http:\/\/127\.0\.0\.1:3000\/webhooks\/shopify$/m)
    assert.equal(out.trimEnd().split('\n').length, sources.length + 1)
  })

  it('--json: one array of objects, or one object, with the same keys', async () => {
    const all = jsonOf<SourceJson[]>(await run(['list', '--json']))
    assert.deepEqual(
      all.map(({ name, preset, secrets }) => [name, preset, secrets]),
      sources.map(({ name, preset, secrets }) => [name, preset, secrets.length]),
    )
    const keys =
      'name preset title url secrets proof weakness setup advice dedupeFor acceptTests expectEvery types'
    for (const one of all) {
      assert.deepEqual(Object.keys(one), keys.split(' '))
      assert.deepEqual(await shownJson(one.name), one)
    }
  })

  it('an empty configuration has none', async () => {
    const file = folder.write('empty.yaml', 'genesys: {}\nsources: {}\nroutes: {}\n')
    const variables = { POSTRIDER_CONFIG: file }
    assert.equal(await shown(['list'], variables), 'The configuration has no sources.\n')
    assert.equal(await shown(['list', '--json'], variables), '[]\n')
  })

  it('an unknown name: says which there are', async () => {
    const said = await run(['show', 'nobody'])
    assert.deepEqual([said.code, said.out], [1, ''])
    assert.match(said.err, /no source nobody\. There are: genesys-undelivered, zendesk, /)
  })

  it('a configuration that is not right: says how to see what', async () => {
    const said = await run(['list'], { POSTRIDER_CONFIG: folder.write('broken.yaml', 'sources: 1') })
    assert.equal(said.code, 1)
    assert.match(said.err, /broken\.yaml is not right: npx postrider check/)
  })

  it('no secret is ever printed', async () => {
    assert.ok(secrets.length >= sources.length)
    const outputs = await Promise.all([
      shown(['list']),
      shown(['list', '--json']),
      ...sources.flatMap(({ name }) => [shown(['show', name]), shown(['show', name, '--json'])]),
    ])
    for (const secret of secrets.flatMap((one) => [one, ...one.split(':').slice(1), btoa(one)])) {
      assert.ok(!outputs.some((out) => out.includes(secret)), secret)
    }
  })

  it('a secret that is not set yet is said so', async () => {
    const variables = withSource('preset: stripe, secrets: []')
    assert.match(await shown(['show', 'shop'], variables), /^Secret .* None is set here\.$/m)
  })

  describe('show', () => {
    for (const { name, preset } of sources) {
      it(`${name}: everything that its preset knows`, async () => {
        const out = await shown(['show', name])
        const { title, setup, types, customer } = presetNamed(preset)
        const { body, steps, ...sentences } = setup
        for (const sentence of [title, ...Object.values(sentences), customer.advice, body]) {
          assert.ok(out.includes(sentence ?? ''), String(sentence))
        }
        for (const [n] of steps.entries()) assert.match(out, new RegExp(`^.{14}${n + 1}\\. `, 'm'))
        for (const { sender, type } of types) assert.ok(out.includes(sender) && out.includes(type))
        assert.doesNotMatch(out, /\bthe URL\b(?! is)/, 'the address stands there')
      })
    }

    it('the body to paste stands there as it is to be pasted', async () => {
      const out = await shown(['show', 'zendesk'])
      const [, body = ''] = /^Body to paste\n([\s\S]*?)\nTest /m.exec(out) ?? []
      const parsed = JSON.parse(body)
      assert.equal(parsed.type, 'ticket.resolved')
      assert.equal(parsed.data.ticket.tags, '{{ticket.tags}}')
    })

    it('the types of the configuration beside those of the preset', async () => {
      const { types } = await shownJson('custom')
      assert.deepEqual(types, [
        { sender: 'CartLeft', type: 'cart.abandoned', when: null },
        { sender: 'CartPaid', type: 'order.placed', when: null },
      ])
      assert.match(await shown(['show', 'custom']), /^CartLeft +cart\.abandoned$/m)
      assert.match(await shown(['show', 'pipedrive']), /^Types stay as the sender names them\.$/m)
    })

    it('how weak a token is, and nothing of it where all is signed', async () => {
      assert.match(await shown(['show', 'freshdesk']), /^Weak +Whoever learns the secret/m)
      assert.match(await shown(['show', 'shopify']), /^Weak +No time is signed/m)
      assert.doesNotMatch(await shown(['show', 'stripe']), /^Weak/m)
    })
  })

  describe('the URL', () => {
    it('is that of publicUrl, in the steps too', async () => {
      const hubspot = await shownJson('hubspot')
      const url = 'https://postrider.example.com/webhooks/hubspot'
      assert.equal(hubspot.url, url)
      assert.ok(hubspot.setup.steps.includes(`Enter ${url} as target URL.`))
      assert.match(await shown(['show', 'hubspot']), new RegExp(`^URL +${url}$`, 'm'))
    })

    it('is once what publicUrl names already', async () => {
      const variables = withSource(
        'preset: stripe, secrets: [], publicUrl: https://hooks.example.com/crm/webhooks/shop/',
      )
      assert.equal((await shownJson('shop', variables)).url, 'https://hooks.example.com/crm/webhooks/shop')
    })

    for (const [HOST, address] of [
      ['0.0.0.0', '127.0.0.1'],
      ['::', '127.0.0.1'],
      ['::1', '[::1]'],
      ['10.0.0.7', '10.0.0.7'],
    ] as const) {
      it(`without one it is this machine's (HOST ${HOST}), and says so`, async () => {
        const out = await shown(['show', 'stripe'], { HOST, PORT: '8080' })
        const [line = ''] = /^URL .*$/m.exec(out) ?? []
        assert.equal(
          line.replace(/^URL +/, ''),
          `http://${address}:8080/webhooks/stripe, as this machine names it; the sender needs an https address that leads there`,
        )
      })
    }

    it('has the place of a token that is entered with it', async () => {
      const { url, setup } = await shownJson('salesforce')
      assert.equal(url, 'http://127.0.0.1:3000/webhooks/salesforce?token=SECRET')
      assert.ok(setup.steps[0]?.endsWith(`: ${url}.`), setup.steps[0])
      const variables = withSource(
        'preset: custom, secrets: [], custom: { token: { query: key }, type: "{{ payload.type }}" }',
      )
      assert.equal((await shownJson('shop', variables)).url, 'http://127.0.0.1:3000/webhooks/shop?key=SECRET')
    })

    it('has none where the sender adds it by itself, or sends it elsewhere', async () => {
      for (const name of ['dynamics365', 'freshdesk', 'pipedrive']) {
        assert.equal((await shownJson(name)).url, `http://127.0.0.1:3000/webhooks/${name}`)
      }
    })
  })

  it('needs no configuration of the environment: what is not set is no secret', async () => {
    const file = join(ROOT, 'config/postrider.yaml')
    assert.match(readFileSync(file, 'utf8'), /CRM_WEBHOOK_SECRET/)
    assert.match(await shown(['list'], { POSTRIDER_CONFIG: file }), /^crm +standard-webhooks +0 /m)
  })
})
