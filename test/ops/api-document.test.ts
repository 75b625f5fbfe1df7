import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { z } from 'zod'
import { documentOf } from '../../src/ops/api/openapi.ts'
import { answer, operation } from '../../src/ops/api/operation.ts'
import { type Client, clientOf, resolved } from './api-client.ts'
import { type Ops, startOps } from './live.ts'

type Json = Record<string, unknown>

describe('the OpenAPI document', () => {
  let ops: Ops
  let client: Client

  before(async () => {
    ops = await startOps()
    client = await clientOf(ops)
  })
  after(() => ops.stop())

  it('is served to whoever asks, since it holds nothing of anybody', async () => {
    const { status, headers, body } = await ops.ask('/api/v1/openapi.json')
    assert.deepEqual([status, headers['content-type']], [200, 'application/json; charset=utf-8'])
    assert.equal(JSON.parse(body).openapi, '3.1.0')
  })

  it('has every reference that it makes', () => {
    const references = [...JSON.stringify(client.document).matchAll(/"\$ref":"([^"]+)"/g)]
    assert.ok(references.length > 100)
    for (const [, reference = ''] of references) {
      assert.match(reference, /^#\/components\//)
      resolved({ $ref: reference }, client.document)
    }
  })

  it('declares the parameters of each path, and each operation once', () => {
    assert.ok(client.operations.size > 35)
    const all = Object.values(client.document.paths).flatMap((methods) => Object.values(methods))
    assert.equal(client.operations.size, all.length)
    for (const { path, described } of client.operations.values()) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const declared = (described.parameters ?? []).filter((one) => one.in === 'path')
      assert.deepEqual(
        declared.map(({ name, required }) => [name, required]),
        inPath.map((name) => [name, true]),
        path,
      )
    }
  })

  it('says of each operation what it answers, and what can go wrong', () => {
    for (const [id, { method, described }] of client.operations) {
      const codes = Object.keys(described.responses)
      assert.ok(
        codes.some((code) => code.startsWith('2')),
        id,
      )
      const usual = ['401', '403', '422', '503', ...(method === 'POST' ? ['413', '415'] : [])]
      assert.deepEqual(
        usual.filter((code) => !codes.includes(code)),
        [],
        id,
      )
    }
  })

  it('has no customer in a URL', () => {
    for (const { path, described } of client.operations.values()) {
      for (const { name } of described.parameters ?? []) {
        assert.ok(!['externalId', 'email', 'phone', 'text'].includes(name), `${path}: ${name}`)
      }
    }
  })

  it('refuses two schemas of one name', () => {
    const other = (id: string, schema: z.ZodType) =>
      operation({
        id,
        method: 'GET',
        path: `/${id}`,
        summary: id,
        action: 'read',
        answer: schema,
        run: async () => answer({} as never),
      })
    const named = (schema: z.ZodType): z.ZodType => z.strictObject({ a: schema.meta({ id: 'Same' }) })
    assert.throws(
      () => documentOf([other('one', named(z.string())), other('two', named(z.number()))]),
      /two schemas are called Same/,
    )
    const { paths } = documentOf([other('one', named(z.boolean()))])
    assert.deepEqual(Object.keys(paths as Json), ['/one'])
  })
})
