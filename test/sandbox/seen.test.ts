import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { SeenRequest } from '../../src/sandbox/sandbox.ts'
import { recordTo } from './contract.ts'
import { byExternalId, LOOKUP, MESSAGE, startLive, until, webMessage } from './live.ts'

describe('onRequest', () => {
  it('is told each request with its answer, and none that logs in', async () => {
    const seen: SeenRequest[] = []
    const live = await startLive({ onRequest: (one) => seen.push(one) })
    await live.logIn()
    await live.post(MESSAGE, webMessage)
    await live.post(LOOKUP, { ...byExternalId, type: 'Nothing' })
    await live.get('/api/v2/conversations/messaging/integrations?pageSize=5&expand=a&expand=b%20c')
    await live.post(MESSAGE, '{')
    await live.get('/api/v2/nothing')
    assert.deepEqual(seen, [
      { method: 'POST', path: MESSAGE, query: {}, body: webMessage, status: 200 },
      { method: 'POST', path: LOOKUP, query: {}, body: { ...byExternalId, type: 'Nothing' }, status: 422 },
      {
        method: 'GET',
        path: '/api/v2/conversations/messaging/integrations',
        query: { pageSize: ['5'], expand: ['a', 'b c'] },
        body: null,
        status: 200,
      },
      { method: 'POST', path: MESSAGE, query: {}, body: null, status: 400 },
      { method: 'GET', path: '/api/v2/nothing', query: {}, body: null, status: 404 },
    ])
  })

  it('is told of faults what was answered, and null where nothing was', async () => {
    const statuses: (number | null)[] = []
    const live = await startLive({ onRequest: ({ status }) => statuses.push(status) })
    const send = (fault: object) => {
      live.sandbox.fault({ times: 1, ...fault })
      return live.post(MESSAGE, webMessage)
    }
    await send({ status: 503 })
    await send({ empty202: true })
    await send({ html: true, status: 502 })
    await assert.rejects(send({ cut: true }), /terminated|fetch failed/)
    await assert.rejects(send({ reset: 'before-acting' }), /fetch failed/)
    await assert.rejects(send({ reset: 'after-acting' }), /fetch failed/)
    assert.deepEqual(statuses, [503, 202, 502, 200, null, null])
    const hanging = assert.rejects(send({ hang: true }), /fetch failed/)
    await until(() => statuses.length === 7)
    assert.equal(statuses[6], null)
    await live.sandbox.close()
    await hanging
  })
})

describe('the record of a test run', () => {
  it('is a line of JSON for each request', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postrider-seen-'))
    try {
      const live = await startLive({ onRequest: recordTo(join(folder, 'new')) })
      await live.post(MESSAGE, webMessage)
      await live.post(MESSAGE, {})
      const text = readFileSync(join(folder, 'new', `requests-${process.pid}.jsonl`), 'utf8')
      const lines = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
      assert.deepEqual(
        lines.map(({ path, body, status }) => [path, body, status]),
        [
          [MESSAGE, webMessage, 200],
          [MESSAGE, {}, 400],
        ],
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
