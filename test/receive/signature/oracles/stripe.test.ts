import { isUtf8 } from 'node:buffer'
import { createHmac } from 'node:crypto'
import Stripe from 'stripe'
import { headerOf } from '../../../../src/receive/signature/headers.ts'
import { SCHEMES } from '../../../../src/receive/signature/scheme.ts'
import type { SignedRequest } from '../../../../src/receive/signature/verdict.ts'
import { arrived, NOW, sent } from '../schemes.ts'
import { compare, type Difference } from './compare.ts'
import { deliveriesOf, type Pool } from './deliveries.ts'

const scheme = SCHEMES.stripe
const POOL: Pool = ['whsec_a-secret-of-the-tests', 'whsec_ein Geheimnis für alle', 'whsec_nobody-signs']
const [SECRET] = POOL
const BODY = '{"id":"evt_1"}'
const NO_TEXT = Buffer.from('{"a":"\xe9"}', 'latin1')
const SECONDS = String(NOW / 1000)

/** It takes the header as node joins it, a clock in milliseconds, and throws where it refuses. */
function accepts({ rawHeaders, body, secrets, nowMs }: SignedRequest): boolean {
  const header = headerOf(rawHeaders, scheme.header)
  return secrets.some((secret) => {
    try {
      const { signature } = Stripe.webhooks
      return signature?.verifyHeader(body, header ?? '', secret, 300, undefined, nowMs) ?? false
    } catch {
      return false
    }
  })
}

function valueIn({ rawHeaders }: SignedRequest): string {
  return headerOf(rawHeaders, scheme.header) ?? ''
}
function valuesOf(request: SignedRequest, key: string): string[] {
  return valueIn(request)
    .split(',')
    .filter((pair) => pair.startsWith(`${key}=`))
    .map((pair) => pair.slice(key.length + 1))
}
function hex(signed: string): string {
  return createHmac('sha256', SECRET).update(signed).digest('hex')
}
function withHeader(value: string): SignedRequest {
  return arrived(
    { url: 'https://hooks.example.com/', headers: { [scheme.header]: value }, body: Buffer.from(BODY) },
    [SECRET],
  )
}
const sound = `t=${SECONDS},v1=${hex(`${SECONDS}.${BODY}`)}`
/** It decodes text, and leaves the mark out. */
const isOtherText = ({ body }: SignedRequest) =>
  !isUtf8(body) || body.subarray(0, 3).toString('hex') === 'efbbbf'

const DIFFERENCES: readonly Difference[] = [
  {
    name: 'a time in the future, however far',
    why: 'it asks for the age alone; what is signed ahead of its time can be used again for as long',
    accepts: 'theirs',
    holds: (request) =>
      Number.parseInt(valuesOf(request, 't').at(-1) ?? '', 10) - Math.floor(request.nowMs / 1000) > 300,
    example: () => arrived(sent(scheme, SECRET, { body: BODY, atMs: NOW + 301_000 }), [SECRET]),
  },
  {
    name: 'a time with something around its digits',
    why: 'it reads as far as there are digits, and signs the number; here one signature fits one text',
    accepts: 'theirs',
    holds: (request) => !/^[1-9]\d*$/.test(valuesOf(request, 't').at(-1) ?? ''),
    example: () => withHeader(sound.replace(SECONDS, `0${SECONDS}abc`)),
  },
  {
    name: 'a time that is no number, and never grows old',
    why: 'NaN is no older than anything; what holds the secret can sign a delivery for ever',
    accepts: 'theirs',
    holds: (request) => Number.isNaN(Number.parseInt(valuesOf(request, 't').at(-1) ?? '', 10)),
    example: () => withHeader(`t=now,v1=${hex(`NaN.${BODY}`)}`),
  },
  {
    name: 'two times',
    why: 'it takes the last; two are what a proxy makes of two headers',
    accepts: 'theirs',
    holds: (request) => valuesOf(request, 't').length > 1,
    example: () => withHeader(`t=1,${sound}`),
  },
  {
    name: 'two headers, or blanks as between two that were joined',
    why: 'it takes what is behind a blank for another key; a second header is refused here',
    accepts: 'theirs',
    holds: (request) => /\s/.test(valueIn(request)),
    example: () => {
      const one = withHeader(sound)
      return { ...one, rawHeaders: [...one.rawHeaders, ...one.rawHeaders] }
    },
  },
  {
    name: 'a signature with more behind a second =',
    why: 'it cuts it off; here a signature is compared whole',
    accepts: 'theirs',
    holds: (request) => valuesOf(request, 'v1').some((one) => one.includes('=')),
    example: () => withHeader(`${sound}=more`),
  },
  {
    name: 'more signatures than any rotation has',
    why: 'each costs a comparison; 32 are allowed',
    accepts: 'theirs',
    holds: (request) => valuesOf(request, 'v1').length > 32,
    example: () => withHeader(`${sound}${',v1=x'.repeat(32)}`),
  },
  {
    name: 'a header without measure',
    why: '4096 characters are many times what Stripe sends',
    accepts: 'theirs',
    holds: (request) => valueIn(request).length > 4096,
    example: () => withHeader(`${sound},v0=${'x'.repeat(4096)}`),
  },
  {
    name: 'an empty signature, or one beyond ASCII, beside the right one',
    why: 'it throws on the way to the right one; here none spoils the others',
    accepts: 'ours',
    holds: (request) => valuesOf(request, 'v1').some((one) => one === '' || /[^\0-\x7f]/.test(one)),
    example: () => withHeader(`${sound},v1=`),
  },
  {
    name: 'bytes that are no text or begin with a byte order mark, signed as they are',
    why: 'it signs text, and its own text is not what was signed',
    accepts: 'ours',
    holds: isOtherText,
    example: () => arrived(sent(scheme, SECRET, { body: `\u{feff}${BODY}` }), [SECRET]),
  },
  {
    name: 'bytes that are no text or begin with a byte order mark, whose text was signed',
    why: 'many bytes are one letter in its text, or none, so that others than were signed pass',
    accepts: 'theirs',
    holds: isOtherText,
    example: () => ({
      ...arrived(sent(scheme, SECRET, { body: NO_TEXT.toString('utf8') }), [SECRET]),
      body: NO_TEXT,
    }),
  },
]

compare('stripe', { scheme, theirs: accepts, requests: deliveriesOf(scheme, POOL), differences: DIFFERENCES })
