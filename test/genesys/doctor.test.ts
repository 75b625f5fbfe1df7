import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { checkRate } from '../../src/genesys/check-rate.ts'
import { checkAccess, type InUse } from '../../src/genesys/doctor.ts'
import type { BudgetReading } from '../../src/genesys/genesys.ts'
import { createManualClock } from '../manual-clock.ts'
import { closeHosts, genesysAt, type Handler, host, json } from './host.ts'

afterEach(closeHosts)

const CRM = { id: 'x-1', name: 'CRM' }
const EVERYTHING = {
  externalSources: [CRM],
  webmessaging: { deploymentId: 'd-1' },
  open: { integrationId: 'i-open' },
  sms: { from: '+13175550100' },
  whatsapp: { integrationId: 'i-whatsapp' },
  email: { from: { email: 'care@example.com' } },
  asksForSessions: true,
} satisfies InUse

type Operation = keyof typeof WELL
const answer =
  (body: unknown, status = 200): Handler =>
  (_, response) =>
    json(response, status, body)
const NOT_FOUND = answer({ code: 'not.found', message: 'none' }, 404)
const FORBIDDEN = answer({ code: 'missing.permissions', message: 'You lack a:b:c' }, 403)
const EMPTY_SEND = answer({ code: 'bad.request', message: 'fromAddress is required' }, 400)

/** An org in which everything is in place. */
const WELL = {
  lookup: NOT_FOUND,
  sources: answer({ entities: [{ id: 'x-1', name: 'CRM' }] }),
  message: EMPTY_SEND,
  email: EMPTY_SEND,
  deployment: answer({ id: 'd-1', name: 'Shop', status: 'Active' }),
  resolution: answer({ resolveIdentities: true, externalSource: { id: 'x-1' } }),
  integrations: answer({
    entities: [
      { id: 'i-open', name: 'Open', messengerType: 'open', status: 'Active' },
      { id: 'i-whatsapp', name: 'WhatsApp', messengerType: 'whatsapp', status: 'Active' },
    ],
  }),
  conversations: answer({}),
  messages: NOT_FOUND,
}

function operationOf(path: string): Operation {
  if (path.endsWith('/identifierlookup/contacts')) return 'lookup'
  if (path.includes('/externalsources')) return 'sources'
  if (path.endsWith('/messages/agentless')) return 'message'
  if (path.endsWith('/emails/agentless')) return 'email'
  if (path.endsWith('/identityresolution')) return 'resolution'
  if (path.includes('/webdeployments/')) return 'deployment'
  if (path.includes('/messaging/integrations')) return 'integrations'
  if (path.endsWith('/conversations/details/query')) return 'conversations'
  if (path.endsWith('/details')) return 'messages'
  throw new Error(`the doctor asks ${path}`)
}

async function check(inUse: InUse, other: Partial<Record<Operation, Handler>> = {}) {
  const one = await host((request, response, incoming) => {
    const operation = operationOf(request.path)
    return (other[operation] ?? WELL[operation])(request, response, incoming)
  })
  const findings = await checkAccess(genesysAt(one.url), inUse)
  return { findings, api: one.api() }
}

/** The level, detail and todo of the finding of that name. */
async function finding(name: string, other: Partial<Record<Operation, Handler>>, inUse: InUse = EVERYTHING) {
  const { findings } = await check(inUse, other)
  const found = findings.find((one) => one.name === name)
  assert.ok(found, findings.map((one) => one.name).join(', '))
  assert.equal(found.ok, found.level !== 'fail')
  assert.equal(found.todo === null, found.level === 'ok', 'a todo, where not all is well')
  return { level: found.level, said: `${found.detail} ${found.todo ?? ''}`.trim() }
}

describe('doctor', () => {
  it('finds everything in place, and sends nothing', async () => {
    const { findings, api } = await check(EVERYTHING)
    assert.deepEqual(
      findings.map(({ name, level, ok, todo }) => [name, level, ok, todo]),
      [
        'login',
        'find contacts',
        'external source',
        'send web messages',
        'send open messages',
        'send sms',
        'send whatsapp messages',
        'messenger deployment',
        'guests become contacts',
        'open integration',
        'whatsapp integration',
        'send emails',
        'find conversations',
        'read messages',
      ].map((name) => [name, 'ok', true, null]),
    )
    const sends = api.filter(({ path }) => path.endsWith('/agentless'))
    assert.deepEqual(
      sends.map(({ body }) => body),
      ['{}', '{}'],
      'one probe for each operation',
    )
  })

  it('asks for no more than what is in use', async () => {
    const names = async (inUse: InUse) => {
      const { findings, api } = await check(inUse)
      return [findings.map(({ name }) => name), api.map(({ path }) => operationOf(path))]
    }
    assert.deepEqual(await names({ externalSources: [] }), [['login'], []])
    assert.deepEqual(await names({ externalSources: [], email: {}, sms: null }), [
      ['login', 'send emails', 'find conversations'],
      ['email', 'conversations'],
    ])
    assert.deepEqual(await names({ externalSources: [], sms: { from: '+1' } }), [
      ['login', 'send sms', 'find conversations', 'read messages'],
      ['message', 'conversations', 'messages'],
    ])
  })

  it('says how long the token lasts, by the clock that is passed in', async () => {
    const clock = createManualClock()
    const { url } = await host(WELL.lookup, () => ({ access_token: 't', expires_in: 48 * 3600 }))
    const [login] = await checkAccess(genesysAt(url, { clock }), { externalSources: [] }, clock)
    assert.match(login?.detail ?? '', /48 h/)
  })

  it('asks nothing else after a login that fails', async () => {
    const { url, close } = await host(WELL.lookup)
    await close()
    const findings = await checkAccess(genesysAt(url), EVERYTHING)
    assert.deepEqual(
      findings.map(({ name, level }) => [name, level]),
      [['login', 'fail']],
    )
    assert.match(`${findings[0]?.detail} ${findings[0]?.todo}`, /ECONNREFUSED.*GENESYS_REGION/)
  })
})

describe('a permission that is missing', () => {
  const needed: [string, Operation, RegExp][] = [
    ['find contacts', 'lookup', /externalContacts:contact:view/],
    ['external source', 'lookup', /externalContacts:contact:view/],
    ['send web messages', 'message', /conversation:message:create/],
    ['send open messages', 'message', /conversation:message:create/],
    ['send sms', 'message', /conversation:message:create/],
    ['send whatsapp messages', 'message', /conversation:message:create/],
    ['send emails', 'email', /conversation:email:create or conversation:agentlessEmail:send/],
    ['find conversations', 'conversations', /analytics:conversationDetail:view/],
    ['read messages', 'messages', /conversation:message:view/],
  ]
  for (const [name, operation, permission] of needed) {
    it(`${name}: fails, and is named`, async () => {
      const { level, said } = await finding(name, { [operation]: FORBIDDEN })
      assert.equal(level, 'fail')
      assert.match(said, /^403/)
      assert.match(said, permission)
    })
  }

  const doctorsOwn: [string, Operation, RegExp][] = [
    ['external source', 'sources', /not checked.*externalContacts:externalSource:view/],
    ['messenger deployment', 'deployment', /not checked.*webDeployments:deployment:view/],
    ['guests become contacts', 'resolution', /not checked.*webDeployments:identityResolution:view/],
    ['open integration', 'integrations', /not checked.*messaging:integration:view/],
    ['whatsapp integration', 'integrations', /not checked.*messaging:integration:view/],
  ]
  for (const [name, operation, said] of doctorsOwn) {
    it(`${name}, which the doctor alone asks about: a warning`, async () => {
      const found = await finding(name, { [operation]: FORBIDDEN })
      assert.equal(found.level, 'warn')
      assert.match(found.said, said)
    })
  }

  it('is not what a fault of Genesys is taken for', async () => {
    const down = answer({ code: 'service.unavailable', message: 'later' }, 503)
    for (const [name, operation] of [...needed, ...doctorsOwn]) {
      const { level, said } = await finding(name, { [operation]: down })
      assert.equal(level, 'fail', name)
      assert.match(said, /^503/, name)
      assert.doesNotMatch(said, /role of the OAuth client/, name)
    }
  })
})

describe('the messenger', () => {
  it('a deployment that is not there: where its id is found, and no more about it', async () => {
    const { findings } = await check(EVERYTHING, { deployment: NOT_FOUND })
    const found = findings.find(({ name }) => name === 'messenger deployment')
    assert.equal(found?.level, 'fail')
    assert.match(found?.todo ?? '', /Messenger Deployments.*deploymentId/)
    assert.ok(!findings.some(({ name }) => name === 'guests become contacts'))
  })

  it('an id that cannot be one is none', async () => {
    const inUse = { ...EVERYTHING, webmessaging: { deploymentId: '../tokens/me' } }
    assert.equal((await finding('messenger deployment', {}, inUse)).level, 'fail')
  })

  for (const [status, level] of [
    ['Active', 'ok'],
    ['Inactive', 'fail'],
    ['Error', 'fail'],
    ['Deleting', 'fail'],
    ['Pending', 'warn'],
    [undefined, 'warn'],
  ] as const) {
    it(`a deployment that is ${status ?? 'of no known status'}: ${level}`, async () => {
      const deployment = answer({ id: 'd-1', name: 'Shop', status })
      const found = await finding('messenger deployment', { deployment })
      assert.equal(found.level, level)
      assert.match(found.said, /Shop/)
    })
  }

  it('guests who do not become contacts: a warning that says what to turn on', async () => {
    for (const resolution of [NOT_FOUND, answer({ resolveIdentities: false })]) {
      const { level, said } = await finding('guests become contacts', { resolution })
      assert.equal(level, 'warn')
      assert.match(said, /is off.*Turn it on.*CRM x-1/)
    }
  })

  it('guests who become contacts by another external source: a warning that names both', async () => {
    const resolution = answer({ resolveIdentities: true, externalSource: { id: 'x-2' } })
    const { level, said } = await finding('guests become contacts', { resolution })
    assert.equal(level, 'warn')
    assert.match(said, /x-2.*CRM x-1/)
    const byNone = await finding('guests become contacts', {
      resolution: answer({ resolveIdentities: true }),
    })
    assert.equal(byNone.level, 'warn')
    assert.match(byNone.said, /no external source/)
  })

  it('by a source’s own external source: well', async () => {
    const resolution = answer({ resolveIdentities: true, externalSource: { id: 'x-2' } })
    const inUse = { ...EVERYTHING, externalSources: [CRM, { id: 'x-2', name: 'Shop' }] }
    const found = await finding('guests become contacts', { resolution }, inUse)
    assert.deepEqual(
      [found.level, found.said],
      ['ok', 'identity resolution is on, by the external source Shop'],
    )
  })

  it('where no externalId is looked up, whichever external source will do', async () => {
    const resolution = answer({ resolveIdentities: true, externalSource: { id: 'x-2' } })
    const inUse = { ...EVERYTHING, externalSources: [] }
    assert.equal((await finding('guests become contacts', { resolution }, inUse)).level, 'ok')
  })
})

describe('the external sources', () => {
  it('one that the org does not have: which there are', async () => {
    const sources = answer({ entities: [{ id: 'x-2', name: 'Shop' }] })
    const { level, said } = await finding('external source', { sources })
    assert.equal(level, 'fail')
    assert.match(said, /no external source .*x-1.*External Sources.*Shop x-2/)
  })

  it('one that is not active: a warning', async () => {
    const sources = answer({ entities: [{ id: 'x-1', name: 'CRM', active: false }] })
    const { level, said } = await finding('external source', { sources })
    assert.equal(level, 'warn')
    assert.match(said, /CRM \(not active\)/)
  })

  it('that is named twice is asked about once', async () => {
    const { findings, api } = await check({ externalSources: [CRM, { ...CRM }] })
    assert.equal(findings.filter(({ name }) => name === 'external source').length, 1)
    assert.equal(api.length, 3, 'an email, the list, an externalId')
  })
})

describe('the integrations', () => {
  const listed = (...entities: object[]) => ({ integrations: answer({ entities }) })
  const open = { id: 'i-open', name: 'Open', messengerType: 'open', status: 'Active' }

  it('one that the org does not have: which there are of its type', async () => {
    const { level, said } = await finding(
      'open integration',
      listed({ ...open, id: 'i-other', name: 'Other' }, { ...open, id: 'i-2', messengerType: 'whatsapp' }),
    )
    assert.equal(level, 'fail')
    assert.match(
      said,
      /no integration i-open.*genesys\.open\.integrationId.*type open there is Other i-other\./,
    )
    assert.match((await finding('open integration', listed())).said, /there is none/)
  })

  it('one of another type', async () => {
    const { level, said } = await finding('open integration', listed({ ...open, messengerType: 'facebook' }))
    assert.equal(level, 'fail')
    assert.match(said, /Open is of type facebook/)
  })

  it('one that does not run', async () => {
    const { level, said } = await finding('open integration', listed({ ...open, status: 'Inactive' }))
    assert.equal(level, 'fail')
    assert.match(said, /Open \(Inactive\).*Nothing can be sent/)
  })
})

it('what reads messages may find fault with the id that it is asked with, if it is Genesys that does', async () => {
  const messages = answer({ code: 'bad.request', message: 'not an id' }, 400)
  assert.equal((await finding('read messages', { messages })).level, 'ok')
  const page: Handler = (_, response) =>
    void response.writeHead(400, { 'content-type': 'text/html' }).end('<p>')
  assert.equal((await finding('read messages', { messages: page })).level, 'fail')
})

describe('the rate limit', () => {
  const rate = (allowed: number | null, count: number | null, own = 10, configured = 300) => {
    const reading: BudgetReading = { allowed, count, resetMs: 1_000 }
    const { level, detail, todo } = checkRate(
      Array.from({ length: own }, () => reading),
      configured,
    )
    return [level, `${detail} ${todo ?? ''}`] as const
  }

  it('as it is configured, or more', () => {
    assert.equal(rate(300, 12)[0], 'ok')
    assert.equal(rate(600, 12)[0], 'ok')
  })

  it('less than is configured: a warning that says how much', () => {
    const [level, said] = rate(60, 12)
    assert.equal(level, 'warn')
    assert.match(said, /60 calls a minute are allowed, and rateLimitPerMinute is 300.*to 60 or less/)
  })

  it('used by others: a warning that says how much of it', () => {
    const [level, said] = rate(300, 200)
    assert.equal(level, 'warn')
    assert.match(said, /190 of this minute’s 200.*OAuth client/)
  })

  it('the doctor run a second time is nobody else', () => {
    assert.equal(rate(300, 40, 14)[0], 'ok')
    assert.equal(rate(3_000, 300, 14)[0], 'ok', 'a tenth is little, where much is allowed')
  })

  it('is taken from the newest answer that has it', () => {
    const readings = [
      { allowed: 60, count: 299, resetMs: null },
      { allowed: 300, count: 2, resetMs: null },
      { allowed: null, count: null, resetMs: 1 },
    ]
    assert.equal(checkRate(readings, 300).level, 'ok')
  })

  it('nothing to go by, nothing to warn of', () => {
    assert.deepEqual(checkRate([], 300).level, 'ok')
    assert.equal(rate(null, null)[0], 'ok')
  })
})
