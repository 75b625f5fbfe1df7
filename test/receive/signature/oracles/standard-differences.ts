import { isUtf8 } from 'node:buffer'
import { headerOf } from '../../../../src/receive/signature/headers.ts'
import type { StandardScheme } from '../../../../src/receive/signature/scheme.ts'
import type { SignedRequest } from '../../../../src/receive/signature/verdict.ts'
import { signed } from '../../signing.ts'
import { arrived, NOW, sent, whsec } from '../schemes.ts'
import type { Difference } from './compare.ts'

const BODY = '{"type":"ticket.resolved"}'
const NO_TEXT = Buffer.from('{"a":"\xe9"}', 'latin1')
const SIGNATURES = /^v\d+[a-z]*,[A-Za-z0-9+/]+={0,2}(?: v\d+[a-z]*,[A-Za-z0-9+/]+={0,2})*$/

function partOf({ rawHeaders }: SignedRequest, part: string): string {
  return headerOf(rawHeaders, `webhook-${part}`) ?? ''
}
function countOf({ rawHeaders }: SignedRequest, part: string): number {
  return rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === `webhook-${part}`).length
}

/** Where the verifier and the library of Standard Webhooks differ; the examples are signed with `secret`. */
export function standardDifferences(scheme: StandardScheme, secret: string): readonly Difference[] {
  const delivered = (body: string | Buffer, id = 'msg_1') =>
    arrived(sent(scheme, secret, { body, id }), [secret])
  const withHeaders = (change: Record<string, string>) => {
    const { headers, ...delivery } = sent(scheme, secret, { body: BODY })
    return arrived({ ...delivery, headers: { ...headers, ...change } }, [secret])
  }
  const sound = partOf(delivered(BODY), 'signature')
  return [
    {
      name: 'a timestamp with something around its digits',
      why: 'it reads as far as there are digits, and signs the number; here one signature fits one text',
      accepts: 'theirs',
      holds: (request) => !/^[1-9]\d*$/.test(partOf(request, 'timestamp')),
      example: () => withHeaders({ 'webhook-timestamp': `${NOW / 1000}abc` }),
    },
    {
      name: 'a list of signatures of another form',
      why: 'it passes over what it does not know, and a proxy that joined two headers is not seen',
      accepts: 'theirs',
      holds: (request) => !SIGNATURES.test(partOf(request, 'signature')),
      example: () => withHeaders({ 'webhook-signature': `${sound}, ${sound}` }),
    },
    {
      name: 'an id with blanks, commas or letters beyond ASCII',
      why: 'a comma is what a proxy makes of two ids; what is beyond ASCII has no one reading in a header',
      accepts: 'theirs',
      holds: (request) => !/^[\x21-\x2b\x2d-\x7e]+$/.test(partOf(request, 'id')),
      example: () => delivered(BODY, 'msg_1, msg_1'),
    },
    {
      name: 'an id without measure',
      why: 'it is kept as the key of the event; 255 characters are many times what anybody sends',
      accepts: 'theirs',
      holds: (request) => partOf(request, 'id').length > 255,
      example: () => delivered(BODY, 'x'.repeat(256)),
    },
    {
      name: 'more signatures than any rotation has',
      why: 'each costs a comparison; 32 are allowed',
      accepts: 'theirs',
      holds: (request) => partOf(request, 'signature').split(' ').length > 32,
      example: () => withHeaders({ 'webhook-signature': `${sound}${' v1,YWJj'.repeat(32)}` }),
    },
    {
      name: 'a list of signatures without measure',
      why: '4096 characters are many times what anybody sends',
      accepts: 'theirs',
      holds: (request) => partOf(request, 'signature').length > 4096,
      example: () => withHeaders({ 'webhook-signature': `${sound} v2,${'x'.repeat(4096)}` }),
    },
    {
      name: 'a header that is there twice',
      why: 'it takes the last, and others take the first: they would see two deliveries in one',
      accepts: 'theirs',
      holds: (request) => ['id', 'timestamp', 'signature'].some((part) => countOf(request, part) > 1),
      example: () => {
        const one = delivered(BODY)
        return { ...one, rawHeaders: ['Webhook-Id', 'msg_2', ...one.rawHeaders] }
      },
    },
    {
      name: 'svix-* beside webhook-* with another content',
      why: 'it does not read svix-*; what reads them would see another event',
      accepts: 'theirs',
      holds: ({ rawHeaders }) => headerOf(rawHeaders, 'svix-id') !== null,
      example: () => withHeaders({ 'svix-id': 'msg_2' }),
    },
    {
      name: 'svix-* alone',
      why: 'it does not read them; Svix sends them, under the same rules',
      accepts: 'ours',
      holds: ({ rawHeaders }) => headerOf(rawHeaders, 'svix-signature') !== null,
      example: () => {
        const encoded = scheme.key === 'text' ? whsec(secret) : secret
        const one = signed({ id: 'msg_1', atMs: NOW, body: BODY, secrets: [encoded], family: 'svix' })
        return arrived({ ...one, url: 'https://hooks.example.com/' }, [secret])
      },
    },
    {
      name: 'bytes that are no text, signed as they are',
      why: 'it signs text, and its own text is not what was signed',
      accepts: 'ours',
      holds: ({ body }) => !isUtf8(body),
      example: () => delivered(NO_TEXT),
    },
    {
      name: 'bytes that are no text, whose text was signed',
      why: 'all such bytes are one letter in its text, so that others than were signed pass',
      accepts: 'theirs',
      holds: ({ body }) => !isUtf8(body),
      example: () => ({ ...delivered(NO_TEXT.toString('utf8')), body: NO_TEXT }),
    },
  ]
}
