import fc from 'fast-check'
import type { Scheme } from '../../../../src/receive/signature/scheme.ts'
import type { SignedRequest } from '../../../../src/receive/signature/verdict.ts'
import { flipped, flippedText } from '../flip.ts'
import { NOW, sent } from '../schemes.ts'

/** What goes wrong with a header's value on its way, or by somebody's hand. `at`: any number, for where. */
const MANGLED: Readonly<Record<string, (value: string, at: number) => string>> = {
  bit: (value, at) => (value === '' ? 'x' : flippedText(value, at)),
  cut: (value, at) => value.slice(0, at % (value.length + 1)),
  'a character more': (value, at) =>
    `${value.slice(0, at % (value.length + 1))}x${value.slice(at % (value.length + 1))}`,
  'blank before': (value) => ` ${value}`,
  'blank behind': (value) => `${value} `,
  'zero before': (value) => `0${value}`,
  'sign before': (value) => `+${value}`,
  'letters behind': (value) => `${value}abc`,
  'fraction behind': (value) => `${value}.5`,
  shouted: (value) => value.toUpperCase(),
  'in base64url': (value) => value.replace(/[+]/g, '-').replace(/[/]/g, '_').replace(/=+$/, ''),
  'joined by a proxy': (value) => `${value}, ${value}`,
  'joined without a blank': (value) => `${value},${value}`,
  'twice with a blank': (value) => `${value} ${value}`,
  'garbled before': (value) => `v1=,v1,x ${value}`,
  'other scheme behind': (value) => `${value},v0=abc`,
  empty: () => '',
}

/** Of these, some are known to the receiver and some sign. */
export type Pool = readonly [string, string, string]

/** Bodies that verifiers were seen to get wrong: text beyond ASCII, what `replace` would expand, bytes that are no text, a byte order mark, none at all. */
const BODIES: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 4, arbitrary: fc.json({ maxDepth: 2 }).map((text) => Buffer.from(text)) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array().map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('', '{"a":"$&"}', "$`$'$1$$", '\u{feff}{}', '{"name":"Zoë 🎟"}', '\0')
      .map((text) => Buffer.from(text)),
  },
)

/** Seconds between signing and arrival: mostly about the tolerance's two ends, where mistakes are. */
const AGES = fc.oneof(
  fc.constantFrom(-302, -301, -300, -299, 0, 299, 300, 301, 302),
  fc.integer({ min: -400, max: 400 }),
)

/** Deliveries of a scheme, signed by somebody and changed by somebody, or not. `asText`: of some what was signed is the body's text, with U+FFFD where it is none. */
export function deliveriesOf(scheme: Scheme, pool: Pool): fc.Arbitrary<SignedRequest> {
  return fc
    .record({
      body: BODIES,
      asText: fc.boolean(),
      signer: fc.constantFrom(pool[0], pool[0], pool[1]),
      secrets: fc.constantFrom(
        [pool[0]],
        [pool[1]],
        [pool[0], pool[1]],
        [pool[1], pool[0]],
        [pool[2], pool[0]],
        [pool[2]],
      ),
      id: fc.oneof(
        { weight: 4, arbitrary: fc.uuid() },
        { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 20 }) },
      ),
      ageS: AGES,
      fractionMs: fc.integer({ min: 0, max: 999 }),
      change: fc.option(change(), { freq: 2 }),
    })
    .map(({ body, asText, signer, secrets, id, ageS, fractionMs, change }) => {
      const signed = asText ? Buffer.from(body.toString('utf8')) : body
      const { url, headers } = sent(scheme, signer, { body: signed, id, atMs: NOW - ageS * 1000 })
      const request = {
        method: 'POST',
        url,
        rawHeaders: Object.entries(headers).flat(),
        body,
        secrets,
        nowMs: NOW + fractionMs,
      }
      return change ? changed(request, change) : request
    })
}

type Change = { what: string; header: number; at: number }

function change(): fc.Arbitrary<Change> {
  return fc.record({
    what: fc.constantFrom(
      ...Object.keys(MANGLED),
      'body',
      'body',
      'removed',
      'sent twice',
      'sent with another',
    ),
    header: fc.nat(),
    at: fc.nat(),
  })
}

function changed(request: SignedRequest, { what, header, at }: Change): SignedRequest {
  if (what === 'body') {
    const body = request.body.length === 0 ? Buffer.from('x') : flipped(request.body, at)
    return { ...request, body }
  }
  // Behind content-type, of which nobody asks.
  const proofs = request.rawHeaders.length / 2 - 1
  const name = 2 + 2 * (header % proofs)
  const [key = '', value = ''] = request.rawHeaders.slice(name, name + 2)
  const put = (...pair: string[]) => ({
    ...request,
    rawHeaders: request.rawHeaders.toSpliced(name, 2, ...pair),
  })
  if (what === 'removed') return put()
  if (what === 'sent twice') return put(key, value, key.toUpperCase(), value)
  const other = (MANGLED[what] ?? MANGLED.bit)?.(value, at) ?? value
  return what === 'sent with another' ? put(key, value, key, other) : put(key, other)
}
