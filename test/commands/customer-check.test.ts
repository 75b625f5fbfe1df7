import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import type { RouteCheck } from '../../src/commands/customer-check.ts'
import { DEPLOYMENT, EXTERNAL_SOURCE, OPEN_INTEGRATION, SMS_NUMBER } from '../../src/sandbox/directory.ts'
import { SANDBOX_CLIENT, type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { HELD } from '../contract/held.ts'
import { command, jsonOf, temporaryFolder } from './run.ts'

const ADA = '5d3c7a10-1f6e-4b0a-8c55-000000001001'
const ADA_MERGED = '5d3c7a10-1f6e-4b0a-8c55-000000001006'
const DORA = '5d3c7a10-1f6e-4b0a-8c55-000000001004'
const SHOP = { id: '7c9e6679-7425-40de-944b-e07fc1f90ae8', name: 'Shop' }

const CONFIG = `
genesys:
  externalSource: { id: ${EXTERNAL_SOURCE.id}, name: CRM }
  webmessaging: { deploymentId: ${DEPLOYMENT} }
  sms: { from: "${SMS_NUMBER}" }
  open: { integrationId: ${OPEN_INTEGRATION} }
  email: { from: { email: care@demo.example } }
  onlyTo: []
sources:
  crm: { preset: standard-webhooks, secrets: [] }
  shop: { preset: standard-webhooks, secrets: [], externalSource: { id: ${SHOP.id}, name: Shop } }
routes:
  web: { on: crm/a, template: t, channels: [webmessaging, sms, email] }
  addresses: { on: crm/a, template: t, channels: [open, sms, email] }
  session: { on: crm/a, template: t, channels: [email], requireSession: 7d }
  shop: { on: shop/*, template: t, channels: [webmessaging] }
  by-phone: { on: crm/a, template: t, channels: [webmessaging], findBy: [phone] }
  tried: { on: crm/a, mode: shadow, template: t, channels: [webmessaging, email] }
  nothing: { on: crm/a, mode: off, template: t, channels: [email] }
`

type Said = {
  ok: boolean
  findings: { name: string; level: string; todo: string | null }[]
  customer: {
    externalId?: string
    email?: string
    contact: { id: string; ids: string[]; foundBy: string } | null
    session: { conversationId: string; startedAt: string } | null
    routes: RouteCheck[]
  }
}

describe('doctor for one customer', () => {
  const folder = temporaryFolder()
  let sandbox: Sandbox
  let variables: Record<string, string>
  before(async () => {
    sandbox = await startSandbox({
      port: 0,
      clock: systemClock,
      externalSources: [EXTERNAL_SOURCE, SHOP],
      ...HELD,
    })
    folder.write('templates/t.liquid', 'Hello')
    folder.write('templates/t.email.liquid', '---\nsubject: Hello\n---\nHello')
    variables = {
      POSTRIDER_CONFIG: folder.write('postrider.yaml', CONFIG),
      GENESYS_GATEWAY_URL: sandbox.url,
      GENESYS_CLIENT_ID: SANDBOX_CLIENT.clientId,
      GENESYS_CLIENT_SECRET: SANDBOX_CLIENT.clientSecret,
    }
  })
  after(async () => {
    assert.equal(sandbox.messages().length, 0, 'nothing was ever sent')
    await sandbox.close()
    folder[Symbol.dispose]()
  })

  const ask = async (args: string[], env: Record<string, string> = {}) =>
    jsonOf<Said>(await command(['doctor', ...args, '--json'], { ...variables, ...env }))
  const channels = ({ customer }: Said) =>
    Object.fromEntries(
      customer.routes.map(({ route, channel, to }) => [route, channel && `${channel} ${to}`]),
    )
  const reasonOf = ({ customer }: Said, name: string) =>
    customer.routes.find(({ route }) => route === name)?.reason ?? ''

  it('known by their address: contact, session, and the channel of every route', async () => {
    const said = await ask(['--email', 'ada@example.com'])
    assert.equal(said.ok, true)
    assert.equal(said.customer.email, 'ada@example.com')
    assert.deepEqual(said.customer.contact, { id: ADA, ids: [ADA, ADA_MERGED], foundBy: 'email' })
    const known = sandbox.conversations().find(({ contactId }) => contactId === ADA)
    assert.ok(known)
    assert.deepEqual(said.customer.session, {
      conversationId: known.id,
      startedAt: new Date(known.startedAt).toISOString(),
    })
    assert.deepEqual(channels(said), {
      web: `webmessaging ${ADA}`,
      addresses: 'email ada@example.com',
      session: 'email ada@example.com',
      shop: `webmessaging ${ADA}`,
      'by-phone': null,
      tried: `webmessaging ${ADA}`,
      nothing: null,
    })
    assert.match(reasonOf(said, 'by-phone'), /webmessaging: nothing of what it finds by was given/)
    assert.match(reasonOf(said, 'tried'), /shadow/)
    assert.match(reasonOf(said, 'nothing'), /off/)
  })

  it('for a person: lines', async () => {
    const { code, out } = await command(['doctor', '--email', 'ada@example.com'], variables)
    assert.equal(code, 0, out)
    assert.match(out, new RegExp(`^Contact +${ADA}, found by email; merged: ${ADA_MERGED}$`, 'm'))
    assert.match(out, /^Session +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d, conversation [\da-f-]{36}$/m)
    assert.match(out, new RegExp(`^Routes +web +webmessaging to ${ADA}$`, 'm'))
    assert.match(out, /^ +nothing +none: the route is off$/m)
  })

  it('by each identifier, in the number space of the route’s own source', async () => {
    sandbox.addContact({
      id: 'k-shop',
      name: 'Shop Only',
      externalId: 'S-1',
      externalSourceId: SHOP.id,
      emails: [],
      phones: [],
    })
    const shop = await ask(['--external-id', 'S-1'])
    assert.equal(shop.customer.contact?.id, 'k-shop')
    assert.equal(channels(shop).shop, 'webmessaging k-shop')
    assert.equal(channels(shop).web, null, 'events of the other source know nobody of this id')
    assert.equal(channels(shop).addresses, 'open S-1')
    const phone = await ask(['--phone', '+1 (415) 555-0101', '--email', 'ada@example.com'])
    assert.equal(phone.customer.contact?.foundBy, 'email', 'the order of findBy')
    assert.equal(channels(phone)['by-phone'], `webmessaging ${ADA}`)
    assert.equal(channels(phone).addresses, 'sms +14155550101')
  })

  it('whom nobody knows: over an address, where there is one', async () => {
    const said = await ask(['--email', 'nobody@example.com'])
    assert.equal(said.ok, true, 'that is an answer too')
    assert.deepEqual([said.customer.contact, said.customer.session], [null, null])
    assert.equal(channels(said).web, 'email nobody@example.com')
    assert.equal(channels(said).shop, null)
    assert.match(reasonOf(said, 'shop'), /no contact in Genesys Cloud has this email/)
    const none = await ask(['--phone', 'not a number'])
    assert.equal(channels(none).web, null)
    assert.match(reasonOf(none, 'web'), /sms: the phone number .*; email: no email address was given/)
    assert.match(
      (await command(['doctor', '--phone', '+15005550006'], variables)).out,
      /^Contact +none is known$/m,
    )
  })

  it('without a session recent enough: nothing from a route that asks for one', async () => {
    const never = await ask(['--email', 'dora@example.com'])
    assert.equal(never.customer.contact?.id, DORA)
    assert.equal(never.customer.session, null)
    assert.match(reasonOf(never, 'session'), /requireSession: no session/)
    // Ours is no session of the customer's; one of nine days ago is too old for the route.
    const days = (n: number) => Date.now() - n * 86_400_000
    sandbox.addConversation({ contactId: DORA, startedAt: days(1), direction: 'outbound' })
    sandbox.addConversation({ contactId: DORA, startedAt: days(9) })
    const old = await ask(['--email', 'dora@example.com'])
    assert.ok(old.customer.session)
    assert.equal(channels(old).session, null)
    sandbox.addConversation({ contactId: DORA, startedAt: days(6) })
    assert.equal(channels(await ask(['--email', 'dora@example.com'])).session, 'email dora@example.com')
  })

  it('whom onlyTo leaves out: no route', async () => {
    const file = folder.write('only.yaml', CONFIG.replace('onlyTo: []', 'onlyTo: [somebody@example.com]'))
    const said = await ask(['--email', 'ada@example.com'], { POSTRIDER_CONFIG: file })
    assert.ok(said.customer.routes.every(({ channel }) => channel === null))
    assert.match(reasonOf(said, 'web'), /onlyTo/)
  })

  it('what could not be asked is not known, and fails', async () => {
    sandbox.setMissingPermissions([
      'analytics:conversationDetail:view',
      'analytics:agentConversationDetail:view',
    ])
    try {
      const said = await ask(['--email', 'ada@example.com'])
      assert.equal(said.ok, false)
      const failed = said.findings.filter(({ level }) => level === 'fail').map(({ name }) => name)
      assert.deepEqual(failed, ['find conversations', 'this customer’s sessions'])
      assert.equal(channels(said).web, `webmessaging ${ADA}`)
      assert.equal(channels(said).session, null)
      assert.match(reasonOf(said, 'session'), /not known/)
    } finally {
      sandbox.setMissingPermissions([])
    }
    sandbox.setMissingPermissions(['externalContacts:contact:view'])
    try {
      const said = await ask(['--email', 'ada@example.com'])
      assert.equal(said.customer.contact, null)
      assert.equal(channels(said).web, null)
      assert.match(reasonOf(said, 'web'), /not known/)
      assert.equal(channels(said).addresses, 'email ada@example.com')
    } finally {
      sandbox.setMissingPermissions([])
    }
  })

  it('asks each question once, however many routes have it', async () => {
    const before = sandbox.counts().lookup
    await command(['doctor'], variables)
    const alone = sandbox.counts().lookup - before
    await command(['doctor', '--email', 'ada@example.com'], variables)
    assert.equal(sandbox.counts().lookup - before - 2 * alone, 1)
  })

  it('after a login that fails nobody is asked about', async () => {
    const said = await ask(['--email', 'ada@example.com'], { GENESYS_CLIENT_SECRET: 'wrong-one' })
    assert.equal(said.ok, false)
    assert.equal(said.customer, undefined)
    assert.deepEqual(
      said.findings.map(({ name }) => name),
      ['login'],
    )
  })
})
