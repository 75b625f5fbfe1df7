import { isUtf8 } from 'node:buffer'
import { verifyWithFallback } from '@octokit/webhooks-methods'
import { headerOf } from '../../../../src/receive/signature/headers.ts'
import { SCHEMES } from '../../../../src/receive/signature/scheme.ts'
import type { SignedRequest } from '../../../../src/receive/signature/verdict.ts'
import { arrived, sent } from '../schemes.ts'
import { compare } from './compare.ts'
import { deliveriesOf, type Pool } from './deliveries.ts'

const scheme = SCHEMES['github-style']
const POOL: Pool = ["It's a secret to everybody", 'ein Geheimnis für alle', 'nobody signs with it']
const NO_TEXT = Buffer.from('{"a":"\xe9"}', 'latin1')

/** It takes the body as text and the header as node joins it, and throws where either is empty. */
async function accepts({ rawHeaders, body, secrets }: SignedRequest): Promise<boolean> {
  const [first = '', ...others] = secrets
  const signature = headerOf(rawHeaders, scheme.header) ?? ''
  return verifyWithFallback(first, body.toString('utf8'), signature, others).catch(() => false)
}

compare('@octokit/webhooks-methods', {
  scheme,
  theirs: accepts,
  requests: deliveriesOf(scheme, POOL),
  differences: [
    {
      name: 'an empty body',
      why: 'it takes it for an argument that was forgotten; a signature over nothing is one',
      accepts: 'ours',
      holds: ({ body }) => body.length === 0,
      example: () => arrived(sent(scheme, POOL[0], { body: '' }), [POOL[0]]),
    },
    {
      name: 'bytes that are no text, signed as they are',
      why: 'it signs text, and its own text is not what was signed',
      accepts: 'ours',
      holds: ({ body }) => !isUtf8(body),
      example: () => arrived(sent(scheme, POOL[0], { body: NO_TEXT }), [POOL[0]]),
    },
    {
      name: 'bytes that are no text, whose text was signed',
      why: 'all such bytes are one letter in its text, so that others than were signed pass',
      accepts: 'theirs',
      holds: ({ body }) => !isUtf8(body),
      example: () => ({
        ...arrived(sent(scheme, POOL[0], { body: NO_TEXT.toString('utf8') }), [POOL[0]]),
        body: NO_TEXT,
      }),
    },
  ],
})
