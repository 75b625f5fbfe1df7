import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp } from '../src/app.ts'
import { systemClock } from '../src/clock.ts'
import { listen } from '../src/listen.ts'
import { silentLog } from '../src/log.ts'

const options = { host: '127.0.0.1', clock: systemClock, log: silentLog }
const app = () => createApp({ trustProxy: 0, log: silentLog }, () => {})

test('a port in use is one clear error', async () => {
  const first = await listen(app(), { ...options, port: 0 })
  try {
    await assert.rejects(listen(app(), { ...options, port: first.port }), {
      code: 'PORT_IN_USE',
      message: `Port ${first.port} of 127.0.0.1 is in use by another program. Stop that program, or set PORT to a free port.`,
    })
  } finally {
    await first.close()
  }
})

test('an address that this machine has not is one clear error', async () => {
  await assert.rejects(listen(app(), { ...options, host: '192.0.2.1', port: 0 }), {
    code: 'REFUSED',
    message: /^Cannot listen on port 0 of 192\.0\.2\.1: .+Set HOST and PORT/,
  })
})

test('a route that throws is answered 503 without its words', async () => {
  const throwing = createApp({ trustProxy: 0, log: silentLog }, (app) => {
    app.get('/', () => {
      throw new Error('an inner word')
    })
  })
  const server = await listen(throwing, { ...options, port: 0 })
  try {
    const response = await fetch(server.url, { headers: { connection: 'close' } })
    assert.equal(response.status, 503)
    assert.equal(response.headers.get('retry-after'), '30')
    assert.ok(!(await response.text()).includes('inner'))
  } finally {
    await server.close()
  }
})
