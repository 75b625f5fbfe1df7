import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { readEnvironment, variable } from '../src/environment.ts'
import { PostriderError } from '../src/errors.ts'

describe('readEnvironment', () => {
  it('has a default for everything that can have one', () => {
    const environment = readEnvironment({})
    assert.equal(environment.PORT, 3000)
    assert.equal(environment.HOST, '127.0.0.1')
    assert.equal(environment.GENESYS_REGION, 'mypurecloud.com')
    assert.equal(environment.GENESYS_CLIENT_ID, undefined)
  })

  it('takes an empty value for none', () => {
    assert.equal(readEnvironment({ PORT: '', GENESYS_GATEWAY_URL: '' }).PORT, 3000)
  })

  it('names every problem at once, and no value', () => {
    const wrong = {
      PORT: 'eighty',
      LOG_LEVEL: 'loud',
      GENESYS_GATEWAY_URL: 'hunter2',
      DATABASE_URL: 'mysql://x',
    }
    assert.throws(
      () => readEnvironment(wrong),
      (error: unknown) => {
        assert.ok(error instanceof PostriderError && error.code === 'ENVIRONMENT_INVALID')
        for (const name of Object.keys(wrong)) assert.match(error.message, new RegExp(name))
        assert.doesNotMatch(error.message, /eighty|hunter2|mysql/)
        return true
      },
    )
  })

  it('reads a secret from the file that NAME_FILE names; NAME goes first', () => {
    const folder = mkdtempSync(join(tmpdir(), 'postrider-env-'))
    try {
      const file = join(folder, 'secret')
      writeFileSync(file, 'from the file\n')
      assert.equal(
        readEnvironment({ GENESYS_CLIENT_SECRET_FILE: file }).GENESYS_CLIENT_SECRET,
        'from the file',
      )
      assert.equal(variable({ A: 'itself', A_FILE: file }, 'A'), 'itself')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('takes a key of 32 bytes in base64 and nothing else', () => {
    const key = Buffer.alloc(32, 7)
    assert.deepEqual(readEnvironment({ POSTRIDER_KEY: `${key.toString('base64')}\n` }).POSTRIDER_KEY, key)
    assert.equal(readEnvironment({ POSTRIDER_KEY: '' }).POSTRIDER_KEY, undefined)
    const wrong = [Buffer.alloc(31).toString('base64'), `${key.toString('base64').slice(0, -2)}!=`, 'hunter2']
    for (const POSTRIDER_KEY of wrong) {
      assert.throws(() => readEnvironment({ POSTRIDER_KEY }), /POSTRIDER_KEY: expected 32 bytes in base64/)
    }
  })

  it('says which file cannot be read', () => {
    assert.throws(() => variable({ A_FILE: '/nowhere/a' }, 'A'), /A_FILE.*cannot read/)
  })
})
