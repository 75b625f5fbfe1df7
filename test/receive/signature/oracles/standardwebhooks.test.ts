import { after, before, mock } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { SCHEMES } from '../../../../src/receive/signature/scheme.ts'
import type { SignedRequest } from '../../../../src/receive/signature/verdict.ts'
import { NOW, whsec } from '../schemes.ts'
import { compare } from './compare.ts'
import { deliveriesOf, type Pool } from './deliveries.ts'
import { standardDifferences } from './standard-differences.ts'

const ENCODED: Pool = [
  whsec('a key of tests, 24 bytes'),
  whsec('ein Schlüssel für Tests'),
  whsec('nobody signs'),
]
/** As BigCommerce shows them. */
const SHOWN: Pool = ['a-client-secret-of-the-tests', 'ein Geheimnis für alle', 'nobody signs with it']

/** It takes headers as an object, the last of two names counts, and reads the system's clock. */
function acceptsBy(key: (secret: string) => string) {
  return ({ rawHeaders, body, secrets, nowMs }: SignedRequest): boolean => {
    mock.timers.setTime(nowMs)
    const pairs = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? '']] : []))
    const headers: Record<string, string> = Object.fromEntries(pairs)
    return secrets.some((secret) => {
      try {
        new Webhook(key(secret)).verify(body, headers, { jsonParse: false })
        return true
      } catch {
        return false
      }
    })
  }
}

before(() => mock.timers.enable({ apis: ['Date'], now: NOW }))
after(() => mock.timers.reset())

compare('standardwebhooks', {
  scheme: SCHEMES['standard-webhooks'],
  theirs: acceptsBy((secret) => secret),
  requests: deliveriesOf(SCHEMES['standard-webhooks'], ENCODED),
  differences: standardDifferences(SCHEMES['standard-webhooks'], ENCODED[0]),
})

// Its documentation has the secret put into base64 before the library is given it.
compare('standardwebhooks, as BigCommerce has it used', {
  scheme: SCHEMES.bigcommerce,
  theirs: acceptsBy(whsec),
  requests: deliveriesOf(SCHEMES.bigcommerce, SHOWN),
  differences: standardDifferences(SCHEMES.bigcommerce, SHOWN[0]),
})
