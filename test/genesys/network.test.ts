import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cleaner, failureOf } from '../../src/genesys/network.ts'

const failing = (code: string, more: object = {}) =>
  Object.assign(new Error(`failed with ${code}`), { code, ...more })

describe('failureOf', () => {
  for (const code of [
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ]) {
    it(`${code}: never reached`, () => assert.equal(failureOf(failing(code)).kind, 'unreached'))
  }
  for (const code of [
    'ECONNRESET',
    'ECONNABORTED',
    'EPIPE',
    'ERR_BAD_RESPONSE',
    // A connection that carried a request may end so too.
    'EPROTO',
    'ERR_SSL_BAD_RECORD_TYPE',
    'ERR_CANCELED',
    'SOMETHING_NEW',
    '',
  ]) {
    it(`${code || 'no code'}: may have been acted on`, () =>
      assert.equal(failureOf(failing(code)).kind, 'uncertain'))
  }
  it('a connect that timed out was never made, a request that timed out may have been', () => {
    assert.equal(failureOf(failing('ETIMEDOUT', { syscall: 'connect' })).kind, 'unreached')
    assert.equal(failureOf(failing('ETIMEDOUT')).kind, 'uncertain')
  })
  it('a reset before TLS stood was never made', () => {
    const error = Object.assign(
      new Error('Client network socket disconnected before secure TLS connection was established'),
      { code: 'ECONNRESET' },
    )
    assert.equal(failureOf(error).kind, 'unreached')
  })
  it('several addresses: unreached only where each one was', () => {
    const all = (...codes: string[]) =>
      Object.assign(new AggregateError(codes.map((code) => failing(code))), { code: codes[0] })
    assert.equal(failureOf(all('ECONNREFUSED', 'ENETUNREACH')).kind, 'unreached')
    assert.equal(failureOf(all('ECONNREFUSED', 'ECONNRESET')).kind, 'uncertain')
  })
  it('what is known of the connection decides, whatever the code', () => {
    for (const code of ['ECONNREFUSED', 'EPROTO', 'ECONNRESET', 'ERR_CANCELED', 'SOMETHING_NEW']) {
      assert.equal(failureOf(failing(code), true).kind, 'uncertain', code)
      assert.equal(failureOf(failing(code), false).kind, 'unreached', code)
    }
  })
  it('a route that was lost under a connection may have carried the request', () => {
    assert.equal(failureOf(failing('EHOSTUNREACH', { syscall: 'connect' })).kind, 'unreached')
    for (const syscall of ['read', 'write']) {
      assert.equal(failureOf(failing('EHOSTUNREACH', { syscall })).kind, 'uncertain')
    }
  })
  it('reads what an error wraps', () => {
    const wrapped = (cause: Error) => failing('ETIMEDOUT', { cause })
    assert.equal(failureOf(wrapped(failing('ETIMEDOUT', { syscall: 'connect' }))).kind, 'unreached')
    assert.equal(failureOf(wrapped(failing('ETIMEDOUT', { syscall: 'read' }))).kind, 'uncertain')
    const all = new AggregateError([failing('ECONNREFUSED'), failing('ENETUNREACH')])
    assert.equal(failureOf(wrapped(all)).kind, 'unreached')
  })
  it('says in words that time was over', () => {
    for (const code of ['ECONNABORTED', 'ERR_CANCELED']) {
      assert.deepEqual(failureOf(failing(code)), {
        kind: 'uncertain',
        code: 'TIMED_OUT',
        message: 'no answer came in time',
      })
    }
  })
  it('takes nothing but code and words, without tokens', () => {
    const error = failing('ECONNRESET', { config: { headers: { Authorization: 'Bearer secret-token' } } })
    error.message = 'sent Bearer secret-token'
    assert.ok(!JSON.stringify(failureOf(error)).includes('secret-token'))
  })
})

describe('cleaner', () => {
  const SECRET = 'kX9-the-client-secret'

  it('leaves neither the secret nor a token in somebody else’s words', () => {
    const clean = cleaner([SECRET])
    assert.equal(
      clean(`client ${SECRET} is wrong, Basic abcdef, ${SECRET}`),
      'client [redacted] is wrong, Basic [redacted], [redacted]',
    )
  })

  it('leaves no part of it where the words are cut', () => {
    const words = cleaner([SECRET])(`${'a'.repeat(490)}${SECRET}`)
    assert.equal(words.length, 500)
    assert.ok(!words.includes('kX9'), words)
  })
})
