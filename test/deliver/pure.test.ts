import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { backoff } from '../../src/deliver/backoff.ts'
import { find } from '../../src/deliver/find.ts'
import { mayReceive } from '../../src/deliver/only-to.ts'
import { outcomeOf } from '../../src/deliver/outcomes.ts'
import type { Answer, Contact } from '../../src/genesys/genesys.ts'

const budget = { allowed: null, count: null, resetMs: null }

function refused(
  status: number,
  code: string | null = null,
  missingPermissions: string[] = [],
): Answer<never> {
  return {
    kind: 'refused',
    status,
    code,
    message: 'words of Genesys',
    retryAfterMs: null,
    missingPermissions,
    correlationId: 'c-1',
    budget,
  }
}

describe('outcomeOf', () => {
  const table: [string, Answer<unknown>, string, string, 'retry' | 'end', string | null][] = [
    [
      '200',
      { kind: 'ok', value: null, status: 200, correlationId: null, budget },
      'sent',
      'sent',
      'end',
      null,
    ],
    [
      '202',
      { kind: 'ok', value: null, status: 202, correlationId: null, budget },
      'sent',
      'sent',
      'end',
      null,
    ],
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
    ['400', refused(400, 'bad.request'), 'not-sent', 'rejected', 'end', null],
    ['401', refused(401, 'bad.credentials'), 'not-sent', 'login', 'retry', 'login'],
    [
      '403 missing.permissions',
      refused(403, 'missing.permissions'),
      'not-sent',
      'permissions',
      'retry',
      'permissions',
    ],
    [
      '403 missing.any.permissions',
      refused(403, 'missing.any.permissions'),
      'not-sent',
      'permissions',
      'retry',
      'permissions',
    ],
    ['403 of its own', refused(403, 'not.authorized'), 'not-sent', 'forbidden', 'end', null],
    ['404', refused(404, 'not.found'), 'not-sent', 'not-found', 'end', null],
    ['404 as HTML', refused(404, 'NOT_JSON'), 'not-sent', 'unreachable', 'retry', 'unreachable'],
    ['408', refused(408, 'request.timeout'), 'unknown', 'no-answer', 'end', null],
    ['409', refused(409), 'not-sent', 'active-conversation', 'retry', null],
    ['413', refused(413), 'not-sent', 'rejected', 'end', null],
    ['415', refused(415), 'not-sent', 'rejected', 'end', null],
    ['422', refused(422), 'not-sent', 'rejected', 'end', null],
    ['429', refused(429, 'too.many.requests'), 'not-sent', 'rate-limited', 'retry', 'rate-limited'],
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
    const outcome = outcomeOf(refused(403, 'missing.permissions', ['conversation:message:create']))
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

describe('mayReceive', () => {
  it('lets everybody receive where nobody is listed', () => {
    assert.equal(mayReceive({}, []), true)
  })
  it('knows an address in any case, and a phone number in any grouping', () => {
    assert.equal(mayReceive({ email: 'QA@Example.com' }, ['qa@example.com']), true)
    assert.equal(mayReceive({ phone: '+49 (30) 901820' }, ['+4930901820']), true)
    assert.equal(mayReceive({ externalId: 'C-1' }, ['C-1']), true)
  })
  it('refuses everybody else, also a customer without identifiers', () => {
    assert.equal(mayReceive({ email: 'a@example.com', externalId: '7' }, ['b@example.com', '77']), false)
    assert.equal(mayReceive({}, ['b@example.com']), false)
  })
})

describe('find', () => {
  const policies = {
    channels: ['webmessaging', 'email'] as const,
    findBy: ['externalId', 'email', 'phone'] as const,
    externalSource: { id: 'x', name: 'CRM' },
  }
  const asked: string[] = []
  const answering = (known: Record<string, Contact | null | Answer<never>>) => {
    asked.length = 0
    return async (identifier: { type: string; value: string }) => {
      asked.push(`${identifier.type} ${identifier.value}`)
      const value = known[identifier.value] ?? null
      const answer: Answer<Contact | null> =
        value !== null && 'kind' in value
          ? value
          : { kind: 'ok', value, status: 200, correlationId: null, budget }
      return { answer, cached: false }
    }
  }
  const ada = { externalId: 'C-1', email: 'ada@example.com', phone: '+1 415 555 0101', name: 'Ada' }

  it('asks in the order of findBy and stops at the first contact', async () => {
    const found = await find(ada, policies, answering({ 'ada@example.com': { id: 'k-1' } }))
    assert.deepEqual(asked, ['ExternalId C-1', 'Email ada@example.com'])
    assert.deepEqual(found, {
      kind: 'target',
      target: { channel: 'webmessaging', contactId: 'k-1', foundBy: 'email', cached: false },
    })
  })

  it('takes the next channel where there is no contact', async () => {
    const found = await find(ada, policies, answering({}))
    assert.deepEqual(asked, ['ExternalId C-1', 'Email ada@example.com', 'Phone +14155550101'])
    assert.deepEqual(found, {
      kind: 'target',
      target: { channel: 'email', to: { email: 'ada@example.com', name: 'Ada' } },
    })
  })

  it('says what was looked for, but not its value, where nobody is reached', async () => {
    const found = await find(ada, { ...policies, channels: ['webmessaging'] }, answering({}))
    assert.equal(found.kind, 'nobody')
    assert.ok(found.kind === 'nobody' && found.code === 'no-contact')
    assert.match(found.reason, /externalId.*email.*phone/)
    assert.doesNotMatch(found.reason, /ada@|C-1|555/)
  })

  it('passes over an identifier that Genesys finds fault with', async () => {
    const found = await find(
      ada,
      policies,
      answering({ 'C-1': refused(422), 'ada@example.com': { id: 'k-1' } }),
    )
    assert.ok(found.kind === 'target' && found.target.channel === 'webmessaging')
  })

  it('never takes trouble for "nobody"', async () => {
    for (const trouble of [refused(503), refused(429), refused(403, 'missing.permissions'), refused(401)]) {
      const found = await find(ada, policies, answering({ 'C-1': trouble }))
      assert.equal(found.kind, 'trouble')
      assert.equal(asked.length, 1)
    }
  })

  it('spends no call on what cannot be an identifier', async () => {
    const found = await find(
      { phone: '0415 555' },
      { ...policies, channels: ['webmessaging'] },
      answering({}),
    )
    assert.deepEqual(asked, [])
    assert.ok(found.kind === 'nobody' && /international/.test(found.reason))
  })
})
