import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { SeenRequest } from '../../src/sandbox/sandbox.ts'
import { recordTo } from '../sandbox/contract.ts'
import { readDescription } from './document.ts'

const SENDS = '/api/v2/conversations/messages/agentless'
const SOURCES = '/api/v2/externalcontacts/externalsources'
const CONVERSATION = '/api/v2/conversations/messages/c-1'
const CONTACT = '/api/v2/externalcontacts/contacts/k-1'

const schemas = (where: string) => ({
  Send: {
    type: 'object',
    properties: {
      fromAddress: { type: 'string' },
      toAddressMessengerType: { type: 'string', enum: ['sms', 'open'] },
      messagingTemplate: { $ref: `${where}/Template` },
      labels: { type: 'object', additionalProperties: { $ref: `${where}/Parameter` } },
    },
    required: ['fromAddress'],
  },
  Template: {
    type: 'object',
    properties: { parameters: { type: 'array', items: { $ref: `${where}/Parameter` } } },
  },
  Parameter: {
    type: 'object',
    properties: { id: { type: 'string' }, at: { type: 'string', format: 'date-time' } },
  },
})
const limit = { name: 'limit', in: 'query', required: true }
const expand = { name: 'expand', in: 'query' }
const contactId = { name: 'contactId', in: 'path', required: true }

/** The same API in both forms. */
const OPENAPI = {
  openapi: '3.0.3',
  paths: {
    [SENDS]: {
      post: {
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Send' } } },
        },
      },
    },
    [SOURCES]: {
      get: {
        parameters: [
          { ...limit, schema: { type: 'integer' } },
          { ...expand, schema: { type: 'array', items: { type: 'string', enum: ['a', 'b'] } } },
        ],
      },
    },
    '/api/v2/externalcontacts/contacts/{contactId}': {
      get: { parameters: [{ ...contactId, schema: { type: 'string' } }] },
    },
  },
  components: { schemas: schemas('#/components/schemas') },
}
const SWAGGER = {
  swagger: '2.0',
  paths: {
    [SENDS]: {
      post: {
        parameters: [{ name: 'body', in: 'body', required: true, schema: { $ref: '#/definitions/Send' } }],
      },
    },
    [SOURCES]: {
      get: {
        parameters: [
          { ...limit, type: 'integer' },
          { ...expand, type: 'array', items: { type: 'string', enum: ['a', 'b'] } },
        ],
      },
    },
    '/api/v2/externalcontacts/contacts/{contactId}': {
      get: { parameters: [{ ...contactId, type: 'string' }] },
    },
  },
  definitions: schemas('#/definitions'),
}

const send = (body: unknown): SeenRequest => ({ method: 'POST', path: SENDS, query: {}, body, status: 200 })
const get = (path: string, query: SeenRequest['query'] = {}): SeenRequest => ({
  method: 'GET',
  path,
  query,
  body: null,
  status: 200,
})

for (const [form, document] of Object.entries({ 'OpenAPI 3': OPENAPI, 'Swagger 2': SWAGGER })) {
  describe(`a request held against a description in ${form}`, () => {
    const held = readDescription(JSON.stringify(document))
    const CASES: readonly [what: string, request: SeenRequest, problems: readonly string[] | null][] = [
      ['that is right', send({ fromAddress: 'x', toAddressMessengerType: 'sms' }), []],
      ['of all fields', send({ fromAddress: 'x', messagingTemplate: { parameters: [{ id: 'a' }] } }), []],
      ['with a part in its path', get(CONTACT), []],
      ['with parameters', get(SOURCES, { limit: ['5'], expand: ['a', 'b'] }), []],
      ['with one value of a list', get(SOURCES, { limit: ['5'], expand: ['a'] }), []],
      ['without what is required', send({}), ["body: must have required property 'fromAddress'"]],
      ['without its body', send(null), ['body: is required']],
      ['of another type', send({ fromAddress: 5 }), ['body/fromAddress: must be string']],
      [
        'with another word than the listed',
        send({ fromAddress: 'x', toAddressMessengerType: 'fax' }),
        ['body/toAddressMessengerType: must be one of sms, open'],
      ],
      ['with an unknown field', send({ fromAddress: 'x', to: 'y' }), ['body: unknown field to']],
      [
        'with an unknown field behind references and lists',
        send({ fromAddress: 'x', messagingTemplate: { parameters: [{ id: 'a' }, { name: 'b' }] } }),
        ['body/messagingTemplate/parameters/1: unknown field name'],
      ],
      [
        'with an unknown field in a map',
        send({ fromAddress: 'x', labels: { one: { id: 'a' }, two: { name: 'b' } } }),
        ['body/labels/two: unknown field name'],
      ],
      ['with an unknown parameter', get(CONTACT, { expand: ['a'] }), ['query: unknown field expand']],
      ['without a parameter', get(SOURCES), ["query: must have required property 'limit'"]],
      ['with a number that is none', get(SOURCES, { limit: ['many'] }), ['query/limit: must be integer']],
      ['with a number twice', get(SOURCES, { limit: ['5', '6'] }), ['query/limit: must be integer']],
      [
        'with a value that a list may not have',
        get(SOURCES, { limit: ['5'], expand: ['a', 'c'] }),
        ['query/expand/1: must be one of a, b'],
      ],
      ['with a body too many', { ...get(CONTACT), body: {} }, ['body: has none']],
      ['of another method', { ...send({}), method: 'PUT' }, null],
      ['of another path', get(CONVERSATION), null],
      ['of an empty part', get('/api/v2/externalcontacts/contacts/'), null],
    ]
    for (const [what, request, problems] of CASES) {
      it(what, () => assert.deepEqual(held(request)?.problems ?? null, problems))
    }
  })
}

describe('the most literal path', () => {
  it('is the one that is meant', () => {
    const any = '/api/v2/conversations/messages/{conversationId}'
    const described = readDescription(
      JSON.stringify({ paths: { [any]: { post: {} }, [SENDS]: { post: {} } } }),
    )
    assert.equal(described(send(null))?.path, SENDS)
    assert.equal(described({ ...send(null), path: CONVERSATION })?.path, any)
  })
})

describe('npm run contract', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'postrider-contract-'))
    writeFileSync(join(folder, 'api.json'), JSON.stringify(OPENAPI))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, 'hold-against.ts'), ...args], { encoding: 'utf8' })
  const holding = (...requests: SeenRequest[]) => {
    const record = recordTo(join(folder, 'seen'))
    for (const one of requests) record(one)
    return run(join(folder, 'api.json'), join(folder, 'seen'))
  }

  it('prints what holds; what is Postrider’s and is not described is no problem, nor is a probe', () => {
    const { status, stdout, stderr } = holding(
      send({ fromAddress: 'x' }),
      get(CONVERSATION),
      send({ fromAddress: 'y' }),
      send({}),
    )
    assert.equal(stderr, '')
    assert.equal(
      stdout,
      `operation                                              requests  problems
GET /api/v2/conversations/messages/{conversationId}           1  not in the description
POST /api/v2/conversations/messages/agentless                 2  0
POST /api/v2/conversations/messages/agentless (probe)         1  0
`,
    )
    assert.equal(status, 0)
  })

  it('prints each problem once, and ends with 1', () => {
    const { status, stdout } = holding(
      send({ fromAddress: 'x', to: 'y' }),
      send({ fromAddress: 'x', to: 'z' }),
      send({ fromAddress: 'x' }),
      get('/api/v2/nothing'),
    )
    assert.equal(
      stdout,
      `operation                                      requests  problems
GET /api/v2/nothing                                   1  1
POST /api/v2/conversations/messages/agentless         3  2

GET /api/v2/nothing
  no operation that is known (1)
POST /api/v2/conversations/messages/agentless
  body: unknown field to (2)
`,
    )
    assert.equal(status, 1)
  })

  it('ends with 2 where there is nothing to hold, or nothing to hold it against', () => {
    const without = run(join(folder, 'api.json'), join(folder, 'seen'))
    assert.deepEqual([without.status, without.stdout], [2, ''])
    assert.match(without.stderr, /has no requests: run tests with RECORD_REQUESTS=/)
    recordTo(join(folder, 'seen'))(get(CONTACT))
    writeFileSync(join(folder, 'other.json'), '{}')
    for (const other of ['other.json', 'absent.json']) {
      const { status, stderr } = run(join(folder, other), join(folder, 'seen'))
      assert.equal(status, 2)
      assert.match(stderr, new RegExp(`${other}: (not a description|ENOENT)`))
    }
    const unsaid = run()
    assert.deepEqual([unsaid.status, unsaid.stderr], [2, 'usage: npm run contract -- OPENAPI.json FOLDER\n'])
  })
})
