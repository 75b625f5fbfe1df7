import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { command, DEMO_CONFIG, jsonOf, temporaryFolder } from './run.ts'
import { withDemoService } from './service.ts'

type Erased = {
  messages: number
  events: number
  cancelled: number
  left: { where: string; count: number }[]
  contactIds: string[]
  alsoNamed: { externalId?: string; email?: string }[]
}

describe('purge', () => {
  const { run, list, replay, demo } = withDemoService()

  it('asks, and without --yes erases nothing where nobody can be asked', async () => {
    await replay('order-placed')
    await demo().settled()
    const said = await run('purge', '--email', 'bruno@example.com')
    assert.equal(said.code, 2)
    assert.match(said.out, /^Found: \d+ messages? and \d+ events? of this customer\.\n/)
    assert.match(said.err, /add --yes.*Nothing was erased/)
    assert.ok((await list('--email', 'bruno@example.com')).length > 0)
  })

  it('erases beside the service, says what is left to do elsewhere, and what others show of it is that it is gone', async () => {
    const before = await list('--email', 'bruno@example.com')
    const [message] = before
    assert.ok(message)
    const said = await run('purge', '--email', 'Bruno@example.com', '--yes', '--by', 'ada', '--json')
    assert.deepEqual([said.code, said.err], [0, ''])
    const erased = jsonOf<Erased>(said)
    assert.equal(erased.messages, before.length)
    assert.deepEqual(erased.left, [])
    assert.ok(erased.contactIds.length > 0)
    assert.ok(erased.alsoNamed.some(({ email }) => email?.toLowerCase() === 'bruno@example.com'))

    assert.deepEqual(await list('--email', 'bruno@example.com'), [])
    const shown = await run('messages', 'show', String(message.id))
    assert.match(shown.out, /The customer was erased \(purge\)/)
    assert.doesNotMatch(shown.out, /bruno/i)
    const event = await run('events', 'show', String(message.eventId))
    assert.match(event.out, /The customer was erased \(purge\)/)
    assert.doesNotMatch(event.out, /bruno@/i)
    const again = await run('events', 'replan', String(message.eventId))
    assert.deepEqual([again.code, again.out], [1, ''])
    assert.match(again.err, /nothing left that could be sent: the customer was erased/)
    const retried = await run('messages', 'retry', String(message.id), '--force', '--reason', 'asked')
    assert.equal(retried.code, 1)

    const words = await run('purge', '--email', 'bruno@example.com', '--yes')
    assert.equal(words.code, 0)
    assert.match(words.out, /Erased: 0 messages \(0 of them cancelled\), 0 events, 0 other rows\./)
    assert.match(words.out, /Searched [\d.]+ MiB of .*: nothing names them any more\./)
    assert.match(words.out, /POST \/api\/v2\/gdpr\/requests/)
  })

  it('names nobody: nothing is done', async () => {
    const said = await run('purge', '--yes')
    assert.equal(said.code, 2)
    assert.match(said.err, /Say whom/)
  })
})

describe('backup', () => {
  const { run, folder } = withDemoService()

  it('copies beside the service, names the key, and replaces nothing unless that is said', async () => {
    const copy = join(folder.path, 'copy.db')
    const said = await run('backup', copy)
    assert.deepEqual([said.code, said.err], [0, ''])
    assert.match(said.out, /MiB, complete and sound\.\nThe key .*postrider\.db\.key belongs to it/)
    assert.equal(statSync(copy).mode & 0o777, 0o600)
    const again = await run('backup', copy)
    assert.deepEqual([again.code, again.out], [1, ''])
    assert.match(again.err, /exists already.*--force/)
    const forced = jsonOf<{ file: string; bytes: number; keyFile: string }>(
      await run('backup', copy, '--force', '--json'),
    )
    assert.equal(forced.bytes, statSync(copy).size)
    assert.ok(existsSync(forced.keyFile))
  })
})

describe('start --check', () => {
  it('does not start on a ledger that is damaged', async () => {
    using folder = temporaryFolder()
    const DATABASE_URL = `sqlite:${folder.write('ledger.db', 'SQLite format 3 it is not')}`
    const said = await command(['start', '--sandbox', '--sandbox-port', '0', '--check'], {
      POSTRIDER_CONFIG: DEMO_CONFIG,
      DATABASE_URL,
      PORT: '0',
    })
    assert.deepEqual([said.code, said.out], [1, ''])
    assert.match(said.err, /ledger\.db/)
  })
})
