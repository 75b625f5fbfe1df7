import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { backoff } from '../../src/deliver/backoff.ts'
import { outcomeOf } from '../../src/deliver/outcomes.ts'
import type { Answer } from '../../src/genesys/genesys.ts'
import { answered, refused } from './answers.ts'

describe('outcomeOf', () => {
  const table: [string, Answer<unknown>, string, string, 'retry' | 'end', string | null][] = [
    ['200', answered(null), 'sent', 'sent', 'end', null],
    ['202', answered(null, 202), 'sent', 'sent', 'end', null],
    [
      'refused connection',
      { kind: 'unreached', code: 'ECONNREFUSED', message: '' },
      'not-sent',
      'unreachable',
      'retry',
      'unreachable',
    ],
    [
      'time-out',
      { kind: 'uncertain', code: 'ECONNABORTED', message: '' },
      'unknown',
      'no-answer',
      'end',
      null,
    ],
    [
      'login refused',
      { kind: 'no-token', status: 401, code: 'invalid_client', message: '', retryAfterMs: null },
      'not-sent',
      'login',
      'retry',
      'login',
    ],
    [
      'login down',
      { kind: 'no-token', status: 503, code: null, message: '', retryAfterMs: null },
      'not-sent',
      'unreachable',
      'retry',
      'unreachable',
    ],
    [
      'login not reached',
      { kind: 'no-token', status: null, code: 'ENOTFOUND', message: '', retryAfterMs: null },
      'not-sent',
      'unreachable',
      'retry',
      'unreachable',
    ],
    ['302', refused(302), 'not-sent', 'redirected', 'retry', 'unreachable'],
    ['400', refused(400, { code: 'bad.request' }), 'not-sent', 'rejected', 'end', null],
    ['401', refused(401, { code: 'bad.credentials' }), 'not-sent', 'login', 'retry', 'login'],
    [
      '403 missing.permissions',
      refused(403, { code: 'missing.permissions' }),
      'not-sent',
      'permissions',
      'retry',
      'permissions',
    ],
    [
      '403 missing.any.permissions',
      refused(403, { code: 'missing.any.permissions' }),
      'not-sent',
      'permissions',
      'retry',
      'permissions',
    ],
    ['403 of its own', refused(403, { code: 'not.authorized' }), 'not-sent', 'forbidden', 'end', null],
    ['404', refused(404, { code: 'not.found' }), 'not-sent', 'not-found', 'end', null],
    ['404 as HTML', refused(404, { code: 'NOT_JSON' }), 'not-sent', 'unreachable', 'retry', 'unreachable'],
    ['408', refused(408, { code: 'request.timeout' }), 'unknown', 'no-answer', 'end', null],
    ['409', refused(409), 'not-sent', 'active-conversation', 'retry', null],
    ['413', refused(413), 'not-sent', 'rejected', 'end', null],
    ['415', refused(415), 'not-sent', 'rejected', 'end', null],
    ['422', refused(422), 'not-sent', 'rejected', 'end', null],
    ['429', refused(429, { code: 'too.many.requests' }), 'not-sent', 'rate-limited', 'retry', 'rate-limited'],
    ['500', refused(500), 'unknown', 'server-error', 'end', null],
    ['503', refused(503), 'unknown', 'server-error', 'end', null],
    ['599', refused(599), 'unknown', 'server-error', 'end', null],
  ]
  for (const [name, answer, certainty, code, next, pause] of table) {
    it(`${name}: ${certainty}, ${code}`, () => {
      const outcome = outcomeOf(answer)
      assert.equal(outcome.certainty, certainty)
      assert.equal(outcome.code, code)
      assert.equal(outcome.retry === null ? 'end' : 'retry', next)
      assert.equal(outcome.pause?.code ?? null, pause)
    })
  }

  it('never tries again by itself what may have been sent, whatever the status', () => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 999 }), (status) => {
        const outcome = outcomeOf(refused(status))
        assert.ok(outcome.certainty !== 'unknown' || outcome.retry === null)
        if (status === 408 || status >= 500) assert.equal(outcome.certainty, 'unknown')
        else assert.equal(outcome.certainty, 'not-sent')
      }),
    )
  })

  it('names the missing permission and what to do', () => {
    const outcome = outcomeOf(
      refused(403, { code: 'missing.permissions', missingPermissions: ['conversation:message:create'] }),
    )
    assert.match(outcome.pause?.reason ?? '', /conversation:message:create.*role/)
  })
})

describe('backoff', () => {
  it('doubles up to its most', () => {
    assert.deepEqual(
      [0, 1, 2, 5, 6, 7, 5000].map((tries) => backoff(tries, 1000, 60_000)),
      [1000, 2000, 4000, 32_000, 60_000, 60_000, 60_000],
    )
  })

  it('spreads over the upper half', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.double({ min: 0, max: 0.999999, noNaN: true }), (tries, random) => {
        const full = backoff(tries, 1000, 60_000)
        const spread = backoff(tries, 1000, 60_000, () => random)
        assert.ok(spread >= full / 2 && spread <= full)
      }),
    )
  })
})
