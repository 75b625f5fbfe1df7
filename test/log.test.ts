import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createLog } from '../src/log.ts'
import { redact, redactValues } from '../src/redact.ts'

describe('redact', () => {
  const hidden: [string, string][] = [
    ['Authorization: Bearer abc.def-123', 'Authorization: Bearer [redacted]'],
    ['basic dXNlcjpwYXNz', 'basic [redacted]'],
    ['secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw!', 'secret whsec_[redacted]!'],
    ['no contact for ada.b+c@example.co.uk.', 'no contact for [email].'],
    ['call +49 (30) 901820-0 now', 'call [phone] now'],
    ['call +14155550101', 'call [phone]'],
    ['v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=', '[signature]'],
    ['a\u001b[31mred\u202eesrever', 'a\uFFFD[31mred\uFFFDesrever'],
  ]
  for (const [given, expected] of hidden) {
    it(JSON.stringify(given), () => assert.equal(redact(given), expected))
  }

  it('leaves times, ids and codes as they are', () => {
    const line =
      '2026-11-23T09:00:00.000Z 7c9e6679-7425-40de-944b-e07fc1f90ae7 ECONNREFUSED 127.0.0.1:4010 msg_2a'
    assert.equal(redact(line), line)
  })

  it('lets no address and no secret through, wherever it stands', () => {
    const secret = fc.constantFrom(
      'ada@example.com',
      '+4930901820102',
      'whsec_c2VjcmV0c2VjcmV0',
      'Bearer t0ken-t0ken',
    )
    fc.assert(
      fc.property(fc.string(), secret, fc.string(), (before, value, behind) => {
        assert.ok(!redact(`${before} ${value} ${behind}`).includes(value))
      }),
    )
  })

  it('takes time in proportion to the text, whatever it is', () => {
    for (const text of ['a'.repeat(100_000), '@'.repeat(100_000), '+1'.repeat(50_000), 'a@'.repeat(50_000)]) {
      assert.ok(redact(text).length <= 1001)
    }
  })
})

describe('redactValues', () => {
  it('replaces each value wherever it stands, and as often', () => {
    const hide = redactValues(['s3cret-of-the-client', 'another$&secret'])
    assert.equal(
      hide('s3cret-of-the-client, another$&secret; (s3cret-of-the-client)'),
      '[redacted], [redacted]; ([redacted])',
    )
  })

  it('leaves nothing of a value that holds another', () => {
    assert.equal(redactValues(['12345678', '123456789-long'])('a 123456789-long b'), 'a [redacted] b')
  })

  it('passes over values that are too short to be secret: they would blot out words', () => {
    assert.equal(redactValues(['', 'a', '1234567'])('a 1234567'), 'a 1234567')
    assert.equal(redactValues([])('as it is'), 'as it is')
  })
})

describe('the log', () => {
  async function logged(
    write: (log: ReturnType<typeof createLog>) => void,
    pretty = false,
    secrets: readonly string[] = [],
  ): Promise<string> {
    const stream = new PassThrough()
    write(createLog({ level: 'info', pretty, stream, secrets }))
    stream.end()
    return text(stream)
  }

  it('writes one JSON line an outcome, with its ids', async () => {
    const line = await logged((log) =>
      log.info('message sent', { message: 7, event: 3, correlationId: 'c-1' }),
    )
    const { timestamp, ...fields } = JSON.parse(line)
    assert.deepEqual(fields, {
      level: 'info',
      message: 'message sent',
      messageId: 7,
      event: 3,
      correlationId: 'c-1',
    })
    assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000)
  })

  it('drops fields it does not know, and redacts the words of those it does', async () => {
    const fields = { error: 'for ada@example.com', body: 'hello' } as { error: string }
    const line = await logged((log) => log.error('failed', fields))
    assert.ok(!line.includes('ada@') && !line.includes('hello'))
  })

  it('is one line on a terminal too, whatever a sender put into it', async () => {
    const line = await logged((log) => log.warn('refused', { reason: 'a\nb\u001b[2J' }), true)
    assert.equal(line.trimEnd().split('\n').length, 1)
    assert.ok(!line.includes('\u001b'))
  })

  it('holds no configured secret: not in its words, not in its fields, not where a line is cut', async () => {
    const secret = 'the+client@secret.of/the=org'
    for (const pretty of [false, true]) {
      const line = await logged(
        (log) => {
          log.warn(`refused ${secret}`, { reason: `wrong: ${secret}`, error: secret })
          log.warn(`${'a'.repeat(995)}${secret}`)
        },
        pretty,
        [secret],
      )
      assert.ok(!line.includes('the+client'), line)
      assert.equal(line.match(/\[redacted\]/g)?.length, 3, 'the fourth is cut')
    }
  })

  it('is silent below its level', async () => {
    assert.equal(await logged((log) => log.debug('nothing')), '')
  })
})
