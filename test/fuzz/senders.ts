import { createHmac } from 'node:crypto'

/** A delivery as it goes over the wire. `headers`: name and value, a byte a character, as node reads them. */
export type Sent = {
  source: string
  method: string
  /** Path and query. */
  target: string
  headers: readonly (readonly [string, string])[]
  body: Buffer
}

/** What came along to prove a delivery: the bytes that were signed, and every signature; `at`: epoch milliseconds, null where no time is signed. */
export type Proof = { bytes: Buffer; signatures: readonly string[]; at: number | null }

/**
 * How a sender proves itself, told a second time with node:crypto alone, from the pages that the presets name: so that what is judged is not its own judge. `proof` null: what came is in no form of
 * this sender. `tokens`: all that stand where one may.
 */
export type Sender =
  | {
      kind: 'signs'
      mac(bytes: Buffer, secret: string): string
      sign(sent: Sent, secret: string, at: number): Sent
      proof(sent: Sent): Proof | null
    }
  | {
      kind: 'token'
      sign(sent: Sent, secret: string): Sent
      tokens(sent: Sent, secret: string): { given: readonly string[]; expected: string }
    }

/** The one value of a header; null where there is none, or more than one. */
function only({ headers }: Sent, name: string): string | null {
  const values = headers.filter(([one]) => one.toLowerCase() === name)
  return values.length === 1 ? (values[0]?.[1] ?? '') : null
}

function withHeaders(sent: Sent, added: Readonly<Record<string, string>>): Sent {
  return { ...sent, headers: [...sent.headers, ...Object.entries(added)] }
}

function standard(keyOf: (secret: string) => Buffer, family: 'webhook' | 'svix' = 'webhook'): Sender {
  const bytesOf = (id: string, seconds: string, body: Buffer) =>
    Buffer.concat([Buffer.from(`${id}.${seconds}.`), body])
  const mac = (bytes: Buffer, secret: string) =>
    createHmac('sha256', keyOf(secret)).update(bytes).digest('base64')
  return {
    kind: 'signs',
    mac,
    sign(sent, secret, at) {
      const seconds = String(Math.floor(at / 1000))
      return withHeaders(sent, {
        [`${family}-id`]: 'msg_1',
        [`${family}-timestamp`]: seconds,
        [`${family}-signature`]: `v1,${mac(bytesOf('msg_1', seconds, sent.body), secret)}`,
      })
    },
    proof(sent) {
      for (const name of ['webhook', 'svix']) {
        const [id, seconds, signature] = ['id', 'timestamp', 'signature'].map((part) =>
          only(sent, `${name}-${part}`),
        )
        if (id == null || seconds == null || signature == null) continue
        const signatures = signature.split(' ').flatMap((one) => (/^v1,/.test(one) ? one.slice(3) : []))
        return { bytes: bytesOf(id, seconds, sent.body), signatures, at: Number(seconds) * 1000 }
      }
      return null
    },
  }
}

type Hmac = {
  header: string
  prefix?: string
  algorithm?: 'sha1' | 'sha256'
  encoding?: 'hex' | 'base64'
  time?: { header: string; written(at: number): string; read(text: string): number }
  bytes(sent: Sent, time: string): readonly (string | Buffer)[]
}

function hmac(options: Hmac): Sender {
  const { header, prefix = '', algorithm = 'sha256', encoding = 'hex', time } = options
  const mac = (bytes: Buffer, secret: string) => createHmac(algorithm, secret).update(bytes).digest(encoding)
  const bytesOf = (sent: Sent, text: string) =>
    Buffer.concat(options.bytes(sent, text).map((part) => Buffer.from(part as string)))
  return {
    kind: 'signs',
    mac,
    sign(sent, secret, at) {
      const text = time?.written(at) ?? ''
      const timed = time ? withHeaders(sent, { [time.header]: text }) : sent
      return withHeaders(timed, { [header]: `${prefix}${mac(bytesOf(timed, text), secret)}` })
    },
    proof(sent) {
      const [text, signature] = [time ? only(sent, time.header) : '', only(sent, header)]
      if (text === null || !signature?.startsWith(prefix)) return null
      const at = time ? time.read(text) : null
      return { bytes: bytesOf(sent, text), signatures: [signature.slice(prefix.length)], at }
    },
  }
}

const stripe: Sender = {
  kind: 'signs',
  mac: (bytes, secret) => createHmac('sha256', secret).update(bytes).digest('hex'),
  sign(sent, secret, at) {
    const seconds = String(Math.floor(at / 1000))
    const signed = createHmac('sha256', secret).update(`${seconds}.`).update(sent.body).digest('hex')
    return withHeaders(sent, { 'stripe-signature': `t=${seconds},v1=${signed}` })
  },
  proof(sent) {
    const pairs = (only(sent, 'stripe-signature') ?? '').split(',')
    const valuesOf = (key: string) =>
      pairs.filter((pair) => pair.startsWith(`${key}=`)).map((pair) => pair.slice(key.length + 1))
    const [seconds, another] = valuesOf('t')
    if (seconds === undefined || another !== undefined) return null
    const bytes = Buffer.concat([Buffer.from(`${seconds}.`), sent.body])
    return { bytes, signatures: valuesOf('v1'), at: Number(seconds) * 1000 }
  },
}

const seconds = (header: string) => ({
  header,
  written: (at: number) => String(Math.floor(at / 1000)),
  read: (text: string) => Number(text) * 1000,
})
const whole = ({ body }: Sent) => [body]

type Place = { in: 'header'; name: string } | { in: 'basic' | 'bearer' } | { in: 'query'; name: string }

/** In the first of the places; of all of them there must be one. */
function token(...places: readonly Place[]): Sender {
  const wireOf = (place: Place | undefined, secret: string) =>
    place?.in === 'basic' ? Buffer.from(secret).toString('base64') : secret
  const valuesAt = (place: Place, { headers, target }: Sent): string[] => {
    if (place.in === 'query')
      return new URLSearchParams(target.split('?').slice(1).join('?')).getAll(place.name)
    const name = place.in === 'header' ? place.name : 'authorization'
    const values = headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value)
    if (place.in === 'header') return values
    // HTTP drops blanks at the end: a scheme with nothing behind it is no token.
    const behind = new RegExp(`^${place.in} +(?=\\S)`, 'i')
    return values.filter((value) => behind.test(value)).map((value) => value.replace(behind, ''))
  }
  return {
    kind: 'token',
    sign(sent, secret) {
      const [place] = places
      if (place?.in === 'query') {
        return { ...sent, target: `${sent.target}?${place.name}=${encodeURIComponent(secret)}` }
      }
      if (place?.in === 'header') return withHeaders(sent, { [place.name]: secret })
      const scheme = place?.in === 'basic' ? 'Basic' : 'Bearer'
      return withHeaders(sent, { authorization: `${scheme} ${wireOf(place, secret)}` })
    },
    tokens(sent, secret) {
      const given = places.flatMap((place) => valuesAt(place, sent).map((value) => ({ place, value })))
      return { given: given.map(({ value }) => value), expected: wireOf(given[0]?.place, secret) }
    },
  }
}

const inBody: Sender = {
  kind: 'token',
  sign(sent, secret) {
    try {
      const body: unknown = JSON.parse(sent.body.toString())
      if (typeof body !== 'object' || body === null || Array.isArray(body)) return sent
      return { ...sent, body: Buffer.from(JSON.stringify({ ...body, auth: { token: secret } })) }
    } catch {
      return sent
    }
  },
  tokens({ body }, expected) {
    const { auth } = JSON.parse(body.toString().replace(/^\ufeff/, '')) as { auth: { token: string } }
    return { given: [auth.token], expected }
  },
}

/** HubSpot's own list of what it decodes before it signs. */
const HUBSPOT = {
  '%3A': ':',
  '%2F': '/',
  '%3F': '?',
  '%40': '@',
  '%21': '!',
  '%24': '$',
  '%27': "'",
  '%28': '(',
  '%29': ')',
  '%2A': '*',
  '%2C': ',',
  '%3B': ';',
}
const asHubspotSigns = (url: string) =>
  url.replace(/%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/g, (code) => HUBSPOT[code as keyof typeof HUBSPOT])

/** By the name of the source; every scheme that there is, and every place of a token. */
export const SENDERS: Readonly<Record<string, Sender>> = {
  crm: standard((secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64')),
  svix: standard((secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'), 'svix'),
  bigcommerce: standard((secret) => Buffer.from(secret)),
  zendesk: hmac({
    header: 'x-zendesk-webhook-signature',
    encoding: 'base64',
    time: {
      header: 'x-zendesk-webhook-signature-timestamp',
      written: (at) => new Date(at).toISOString(),
      read: Date.parse,
    },
    bytes: ({ body }, time) => [time, body],
  }),
  hubspot: hmac({
    header: 'x-hubspot-signature-v3',
    encoding: 'base64',
    time: { header: 'x-hubspot-request-timestamp', written: String, read: Number },
    bytes: ({ method, target, body }, time) => [
      method,
      asHubspotSigns(`https://postrider.example.com${target}`),
      body,
      time,
    ],
  }),
  stripe,
  klaviyo: hmac({
    header: 'klaviyo-signature',
    time: {
      header: 'klaviyo-timestamp',
      written: (at) => new Date(at).toUTCString(),
      read: (text) => (/^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text)),
    },
    bytes: ({ body }, time) => [body, time],
  }),
  shopify: hmac({ header: 'x-shopify-hmac-sha256', encoding: 'base64', bytes: whole }),
  woocommerce: hmac({ header: 'x-wc-webhook-signature', encoding: 'base64', bytes: whole }),
  intercom: hmac({ header: 'x-hub-signature', prefix: 'sha1=', algorithm: 'sha1', bytes: whole }),
  segment: hmac({ header: 'x-signature', algorithm: 'sha1', bytes: whole }),
  'github-style': hmac({ header: 'x-hub-signature-256', prefix: 'sha256=', bytes: whole }),
  custom: hmac({
    header: 'x-loyalty-signature',
    prefix: 'v0=',
    time: seconds('x-loyalty-time'),
    bytes: ({ body }, time) => ['v0:', time, ':', body],
  }),
  'signed-header': hmac({
    header: 'x-signature',
    bytes: (sent) => [Buffer.from(only(sent, 'x-event-id') ?? '', 'latin1'), '.', sent.body],
  }),
  'genesys-undelivered': token({ in: 'header', name: 'x-postrider-token' }, { in: 'bearer' }),
  freshdesk: token({ in: 'header', name: 'x-postrider-token' }, { in: 'basic' }),
  pipedrive: token({ in: 'basic' }),
  salesforce: token(
    { in: 'query', name: 'token' },
    { in: 'header', name: 'x-postrider-token' },
    { in: 'basic' },
  ),
  dynamics365: token({ in: 'query', name: 'code' }, { in: 'header', name: 'x-postrider-token' }),
  bearer: token({ in: 'bearer' }),
  'in-body': inBody,
}
