import { createHmac } from 'node:crypto'

/** Two secrets of tests, as Svix prints them. */
export const SECRET = `whsec_${Buffer.from('a secret of the tests, 32 bytes.').toString('base64')}`
export const OTHER_SECRET = `whsec_${Buffer.from('another secret of tests, 32 byt.').toString('base64')}`

/** Two tokens of tests, as a sender that cannot sign puts them into a header. */
export const TOKEN = 'a-token-of-the-tests-0123456789abcdef'
export const OTHER_TOKEN = 'another-token-of-the-tests-0123456789'

export type Signed = { headers: Record<string, string>; body: Buffer }

export type Signing = {
  id: string
  atMs: number
  body: string | Buffer
  secrets?: readonly string[]
  family?: 'webhook' | 'svix'
}

/** Signs a delivery by Standard Webhooks with node:crypto alone, so that the verifier's library is not its own judge. */
export function signed({ id, atMs, body, secrets = [SECRET], family = 'webhook' }: Signing): Signed {
  const bytes = Buffer.from(body)
  const timestamp = String(Math.floor(atMs / 1000))
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
    const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(bytes)
    return `v1,${mac.digest('base64')}`
  })
  const headers = {
    [`${family}-id`]: id,
    [`${family}-timestamp`]: timestamp,
    [`${family}-signature`]: signatures.join(' '),
  }
  return { headers, body: bytes }
}

/** Headers as node gives them in `rawHeaders`. */
export function rawHeadersOf(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).flat()
}
