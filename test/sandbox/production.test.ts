import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { PostriderError } from '../../src/errors.ts'
import { assertSandboxAllowed, startSandbox } from '../../src/sandbox/sandbox.ts'
import { ROOT } from '../run-postrider.ts'

describe('in production', () => {
  it('the sandbox is refused, unless it is asked for by name', () => {
    const refused = (error: unknown) =>
      error instanceof PostriderError && error.code === 'REFUSED' && /--sandbox/.test(error.message)
    assert.throws(() => assertSandboxAllowed({ nodeEnv: 'production', asked: false }), refused)
    assertSandboxAllowed({ nodeEnv: 'production', asked: true })
    assertSandboxAllowed({ nodeEnv: 'development', asked: false })
  })

  it('the command runs with --sandbox, and ends on SIGTERM', async () => {
    const args = [join(ROOT, 'bin/postrider'), 'sandbox', '--sandbox', '--port', '0']
    const child = spawn(process.execPath, args, {
      cwd: tmpdir(),
      env: { NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    let url: string | undefined
    for await (const line of createInterface({ input: child.stdout })) {
      url ??= /^Sandbox +(\S+)/.exec(line)?.[1]
      if (line.includes('GENESYS_CLIENT_SECRET')) break
    }
    const page = await fetch(url ?? '')
    assert.match(await page.text(), /what the customers see/)
    child.kill('SIGTERM')
    assert.deepEqual(await exited, [0, null])
  })
})

describe('a port in use', () => {
  it('is one clear error', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await assert.rejects(startSandbox({ port, clock: systemClock }), (error) => {
      assert.ok(error instanceof PostriderError)
      assert.equal(error.code, 'PORT_IN_USE')
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}.*EADDRINUSE`))
      return true
    })
    other.close()
    await once(other, 'close')
  })
})
