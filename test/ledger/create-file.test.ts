import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { PostriderError } from '../../src/errors.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { createFile } from '../../src/ledger/sqlite/database.ts'
import { silentLog } from '../../src/log.ts'

const DATABASE = new URL('../../src/ledger/sqlite/database.ts', import.meta.url)

describe('the file of a ledger', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-file-'))
  after(() => rmSync(folder, { recursive: true }))

  const unavailable = (file: string, words: RegExp) =>
    assert.throws(
      () => createFile(file),
      (error) => {
        assert.ok(error instanceof PostriderError)
        assert.equal(error.code, 'LEDGER_UNAVAILABLE')
        assert.ok(error.message.startsWith(`The ledger ${file} `), error.message)
        assert.match(error.message, words)
        return true
      },
    )

  it('is made with all folders above it, for its owner alone; made already, it is left as it is', () => {
    const file = join(folder, 'a/b/c/ledger.db')
    createFile(file)
    const made = statSync(file)
    assert.equal(made.mode & 0o777, 0o600)
    createFile(file)
    assert.equal(statSync(file).ino, made.ino)
  })

  it('in a folder that nobody can make: one clear error, and no endless search for a folder above', async () => {
    // A process of its own, which can be killed: what is tested for is a loop that hears nothing.
    const program = `import { createFile } from '${DATABASE}'
      try { createFile('/proc/x/l.db') } catch (error) { console.log(error.code, error.message) }`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 20_000,
      killSignal: 'SIGKILL',
    })
    const [said, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    assert.deepEqual([code, signal], [0, null])
    assert.match(said, /^LEDGER_UNAVAILABLE The ledger \/proc\/x\/l\.db cannot be created \(E\w+\)\. Check/)
  })

  it('below a file: says that it cannot be', () => {
    createFile(join(folder, 'plain'))
    unavailable(join(folder, 'plain/ledger.db'), /cannot be created \(E\w+\)/)
    unavailable(join(folder, 'plain/deeper/ledger.db'), /cannot be created \(E\w+\)/)
  })

  it('a folder: says so, and what to write instead', () => {
    const path = join(folder, 'a-folder')
    mkdirSync(path)
    unavailable(path, /is a folder\..*DATABASE_URL=sqlite:\S+\/a-folder\/postrider\.db/)
  })

  it('a device: says so', () => {
    unavailable('/dev/null', /is a device, not a file\..*DATABASE_URL/)
  })

  it('a socket: is refused before anything is put beside it', async () => {
    const path = join(folder, 'a-socket')
    const server = createServer().listen(path)
    await once(server, 'listening')
    try {
      const opened = openLedger({ url: `sqlite:${path}`, clock: systemClock, log: silentLog, owner: true })
      await assert.rejects(opened, {
        code: 'LEDGER_UNAVAILABLE',
        message: /a-socket is a socket, not a file/,
      })
      assert.ok(!existsSync(`${path}-owner`))
    } finally {
      server.close()
    }
  })
})
