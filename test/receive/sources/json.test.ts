import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseBody } from '../../../src/receive/sources/json.ts'

const parsed = (text: string) => {
  const body = parseBody(Buffer.from(text))
  assert.ok(body.kind === 'parsed', text)
  return body.value
}

/** What it must come to: the parser tells each value with how it was written, whatever that costs. */
const byReviver = (text: string) =>
  JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    const source = context?.source
    const isLong = typeof value === 'number' && !Number.isSafeInteger(value)
    return isLong && source !== undefined && /^-?\d+$/.test(source) ? source : value
  })

describe('integers past 2^53 become their own text', () => {
  const texts = [
    '9007199254740991',
    '9007199254740992',
    '-9007199254740993',
    '[820982911946154508,-820982911946154508,1]',
    '{"820982911946154508":820982911946154508}',
    '"820982911946154508"',
    String.raw`{"a\"b":"\\","c":12345678901234567890,"d":"\"12345678901234567890\\"}`,
    '[0.12345678901234567890,-0.1234567890123456789,1.5e1234567890123456]',
    '[1e-1234567890123456,1E+1234567890123456,1234567890123456e2,1234567890123456.5]',
    '[ 0 , 1234567890123456 , 12345678901234567\n]',
    `[${'9'.repeat(400)}]`,
    `{"__proto__":12345678901234567,"constructor":1}`,
  ]
  for (const text of texts) test(text.slice(0, 60), () => assert.deepEqual(parsed(text), byReviver(text)))

  test('whatever stands around them', () => {
    const number = fc.oneof(
      fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }).map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
      fc
        .tuple(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.integer({ min: -30, max: 30 }))
        .map(([n, e]) => `${n}e${e}`),
    )
    const key = fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text))
    const { value } = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        number,
        key,
        fc.constantFrom('null', 'true', '{}', '[]'),
        fc.array(tie('value'), { maxLength: 4 }).map((list) => `[${list.join(' , ')}]`),
        fc
          .array(fc.tuple(key, tie('value')), { maxLength: 4 })
          .map((members) => `{${members.map((pair) => pair.join(':')).join(',')}}`),
      ),
    }))
    fc.assert(
      fc.property(value, (text) => {
        fc.pre(text.isWellFormed())
        assert.deepEqual(parsed(text), byReviver(text))
      }),
      { numRuns: 2000 },
    )
  })

  test('a string of a megabyte, and a megabyte of strings', () => {
    const long = JSON.stringify({ id: 1, text: '\\"x'.repeat(250_000) }).replace('1', '12345678901234567')
    assert.deepEqual(parsed(long), byReviver(long))
    const many = `[12345678901234567${',"a"'.repeat(250_000)}]`
    assert.deepEqual(parsed(many), byReviver(many))
  })
})
