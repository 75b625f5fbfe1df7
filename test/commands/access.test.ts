import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { passwordFrom } from '../../src/commands/password.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'
import { createPasswords } from '../../src/ops/access/password.ts'
import { hashOf } from '../../src/ops/access/secrets.ts'
import { command, type Folder, jsonOf, temporaryFolder } from './run.ts'

const RIGHT = 'correct horse battery'

describe('operators, tokens and the trail', () => {
  let folder: Folder
  let variables: { DATABASE_URL: string }
  const run = (...args: string[]) => command(args, variables)
  const opened = () =>
    openLedger({ url: variables.DATABASE_URL, clock: systemClock, log: silentLog, owner: false })
  before(async () => {
    folder = temporaryFolder()
    variables = { DATABASE_URL: `sqlite:${folder.path}/ledger.db` }
    await (await opened()).close()
  })
  after(() => folder[Symbol.dispose]())

  it('an operator is added with a password that is printed once, and never kept', async () => {
    const said = await run('operators', 'add', 'Ann', '--role', 'admin', '--generate', '--by', 'root')
    assert.equal(said.code, 0, said.err)
    const [, password = ''] = /^Operator ann added, admin\.\nPassword: (\S{24})\n$/.exec(said.out) ?? []
    const ledger = await opened()
    const kept = (await ledger.reads.credentials('ann'))?.password ?? ''
    await ledger.close()
    assert.equal(await createPasswords().matches(password, kept), true)
    const again = await run('operators', 'add', 'ann', '--role', 'viewer', '--generate')
    assert.deepEqual([again.code, again.out], [1, ''])
    assert.match(again.err, /There is an operator ann already/)
    const [listed] = jsonOf<Record<string, unknown>[]>(await run('operators', 'list', '--json'))
    assert.deepEqual(
      { ...listed, createdAt: null },
      { id: 1, name: 'ann', role: 'admin', createdAt: null, createdBy: 'root', sessions: 0, seenAt: null },
    )
    assert.match((await run('operators', 'list')).out, /^NAME .*\nann +admin /)
  })

  it('a new password, another role, a logout and the end', async () => {
    assert.match(
      (await run('operators', 'password', 'ann', '--generate')).out,
      /another password.*\nPassword: /,
    )
    assert.equal(
      (await run('operators', 'role', 'ann', '--role', 'viewer')).out,
      'Operator ann is viewer now.\n',
    )
    assert.equal((await run('operators', 'logout', 'ann')).out, '0 sessions of ann ended.\n')
    assert.equal((await run('operators', 'remove', 'ann')).code, 0)
    for (const args of [['remove'], ['logout'], ['role', '--role', 'viewer'], ['password', '--generate']]) {
      const [name = '', ...options] = args
      const said = await run('operators', name, 'ann', ...options)
      assert.equal(said.code, 1)
      assert.match(said.err, /There is no operator ann: postrider operators list/)
    }
    assert.match((await run('operators', 'list')).out, /There is no operator: postrider operators add NAME/)
  })

  it('what is no name is refused before a password is asked for', async () => {
    for (const name of ['ann@example.com', 'a b', 'postrider', 'Genesys', '-x', 'x'.repeat(33), '']) {
      const said = await run('operators', 'add', '--role', 'admin', '--', name)
      assert.deepEqual([said.code, said.out], [2, ''], name)
      assert.match(said.err, /name has up to 32 letters/)
    }
    const roles = await run('operators', 'add', 'ann', '--role', 'root', '--generate')
    assert.match(roles.err, /viewer, operator, admin/)
  })

  it('a token is printed once, alone, and kept as its hash', async () => {
    const said = await run('tokens', 'add', 'reports', '--role', 'viewer', '--expires', '90d', '--by', 'root')
    const token = said.out.trim()
    assert.match(token, /^postrider_[\w-]{43}$/)
    assert.match(said.err, /^Token 1, reports, viewer, ends .*shown this once/)
    const ledger = await opened()
    assert.equal((await ledger.seeToken(hashOf(token)))?.name, 'token reports')
    await ledger.close()
    type Json = { id: number; createdAt: string; expiresAt: string; usedAt: string; revokedAt: string | null }
    const listed = await run('tokens', 'list', '--json')
    const [first] = jsonOf<Json[]>(listed)
    assert.equal(Date.parse(first?.expiresAt ?? '') - Date.parse(first?.createdAt ?? ''), 90 * 86_400_000)
    assert.ok(first?.usedAt && first.revokedAt === null)
    assert.ok(!listed.out.includes(token) && !listed.out.includes(hashOf(token)))
    assert.match(
      (await run('tokens', 'add', 'x', '--role', 'viewer', '--expires', 'soon')).err,
      /such as 90d, or never/,
    )
    assert.match(
      (await run('tokens', 'add', 'b', '--role', 'viewer', '--expires', 'never')).err,
      /has no end/,
    )
    assert.equal((await run('tokens', 'remove', '1')).out, 'Token 1 removed.\n')
    assert.match((await run('tokens', 'remove', '1')).err, /no token 1 that stands/)
    assert.match((await run('tokens', 'list')).out, /^ID .*\n2 +b +viewer .* never$/m)
  })

  it('all of it is in the trail, newest first', async () => {
    const lines = jsonOf<Record<string, unknown>[]>(await run('audit', 'list', '--json'))
    assert.deepEqual(
      lines.map(({ action }) => action),
      [
        'token.remove',
        'token.add',
        'token.add',
        'operator.remove',
        'operator.role',
        'operator.password',
        'operator.add',
      ],
    )
    assert.deepEqual(
      { ...lines.at(-1), at: null },
      {
        id: 1,
        at: null,
        by: 'root',
        action: 'operator.add',
        target: { operator: 1, name: 'ann', role: 'admin' },
        reason: null,
      },
    )
    const page = await run('audit', 'list', '--limit', '1', '--before', '2')
    assert.match(page.out, /^ID .*\n1 .* root +operator\.add +operator 1, name ann, role admin\n$/)
  })
})

describe('a password', () => {
  const err = () => Object.assign(new PassThrough(), { isTTY: true })
  const shown = (stream: PassThrough) => String(stream.read() ?? '')

  it('from the input is its first line, and must be long enough', async () => {
    const from = (text: string) =>
      passwordFrom({ passwordStdin: true }, Readable.from([text]), { err: err() })
    assert.deepEqual(await from(`${RIGHT}\r\nmore\n`), { password: RIGHT, isNew: false })
    await assert.rejects(from('short\n'), /at least 12 characters\. Nothing was done\./)
    await assert.rejects(from(''), /at least 12/)
  })

  it('is asked for twice where a person sits, and shown to nobody', async () => {
    const ask = async (...lines: string[]) => {
      const input = Object.assign(new PassThrough(), { isTTY: true })
      const screen = err()
      const asked = passwordFrom({}, input, { err: screen }).then(
        (answer) => ({ answer, screen: shown(screen) }),
        (error: Error) => ({ error: error.message, screen: shown(screen) }),
      )
      // A keyboard: the next line comes when the one before was read.
      for (const line of lines) {
        input.write(line)
        await new Promise((resolve) => setImmediate(resolve))
      }
      return asked
    }
    const right = await ask(`${RIGHT}\r`, `${RIGHT}\r`)
    assert.deepEqual(right, {
      answer: { password: RIGHT, isNew: false },
      screen: 'Password: \nOnce more: \n',
    })
    const different = await ask(`${RIGHT}\r`, `${RIGHT}x\r`)
    assert.match('error' in different ? different.error : '', /not the same/)
    const stopped = await ask('\u0003')
    assert.match('error' in stopped ? stopped.error : '', /No password was given/)
  })

  it('cannot be asked for where nobody sits, nor given twice over', async () => {
    const nobody = passwordFrom({}, Readable.from(['']), { err: new PassThrough() })
    await assert.rejects(nobody, /--password-stdin.*--generate/)
    const both = passwordFrom({ passwordStdin: true, generate: true }, Readable.from(['']), { err: err() })
    await assert.rejects(both, /not both/)
  })
})
