import type { TimeUnit } from './time.ts'

/** How a sender proves that a delivery is its own, as data. */
export type Scheme = MacScheme | TokenScheme | StandardScheme

/** Standard Webhooks, symmetric (`v1`). `key`: the secret is base64 behind `whsec_`, or its own text (BigCommerce). */
export type StandardScheme = { kind: 'standard-webhooks'; key: 'whsec' | 'text' }

/** An HMAC over parts of the request. The algorithm is the scheme's: what a header says of it must agree, and chooses nothing. */
export type MacScheme = {
  kind: 'mac'
  /** Where the signature stands, in lower case. */
  header: string
  grammar: Grammar
  algorithm: 'sha1' | 'sha256' | 'sha512'
  encoding: 'hex' | 'base64'
  /** What the secret's text stands for: its own UTF-8 bytes, or what it encodes. */
  key: 'text' | 'base64' | 'hex'
  /** In this order, with nothing between. */
  signed: readonly SignedPart[]
  /** Null: no time is signed, so that an old delivery can be sent again; what its event says must tell. */
  timestamp: SignedTime | null
  /** Secrets that everybody knows, and what it means that one was used. */
  publicSecrets?: readonly { secret: string; means: string }[]
}

/** `url`: as HubSpot signs it, see url.ts. */
export type SignedPart = 'body' | 'timestamp' | 'method' | 'url' | { text: string } | { header: string }

/** `one`: a single signature behind a prefix that must be there. `pairs`: `t=…,v1=…,v1=…`, of which any `signature` may match (Stripe). */
export type Grammar =
  | { kind: 'one'; prefix: string }
  | { kind: 'pairs'; signature: string; timestamp: string }

/** `in`: a header's name in lower case, or where the grammar holds it. What is signed is its text as it came, so that one signature fits one text. */
export type SignedTime = {
  in: { header: string } | 'grammar'
  units: readonly TimeUnit[]
  /** Older ones are refused. Milliseconds. */
  oldestMs: number
  /** Those further ahead are refused; null: a time in the future is as good as now. Milliseconds. */
  aheadMs: number | null
}

/** A secret that comes along as it is: it proves who sends, and neither that the body is theirs nor that it is new. Any one of the places. */
export type TokenScheme = { kind: 'token'; places: readonly [TokenPlace, ...TokenPlace[]] }

/** `basic`: the secret is `user:password` (RFC 7617). `bearer`: RFC 6750. `body`: the path to it in a JSON body. */
export type TokenPlace =
  | { in: 'basic' }
  | { in: 'bearer' }
  | { in: 'header'; name: string }
  | { in: 'query'; name: string }
  | { in: 'body'; path: readonly string[] }

const FIVE_MINUTES = { oldestMs: 300_000, aheadMs: 300_000 }

/** Schemes that more than one sender uses, or that have a name of their own. */
export const SCHEMES = {
  'standard-webhooks': { kind: 'standard-webhooks', key: 'whsec' },
  bigcommerce: { kind: 'standard-webhooks', key: 'text' },
  zendesk: {
    kind: 'mac',
    header: 'x-zendesk-webhook-signature',
    grammar: { kind: 'one', prefix: '' },
    algorithm: 'sha256',
    encoding: 'base64',
    // It looks like base64 and is used as it stands.
    key: 'text',
    signed: ['timestamp', 'body'],
    timestamp: {
      in: { header: 'x-zendesk-webhook-signature-timestamp' },
      units: ['iso'],
      ...FIVE_MINUTES,
    },
    publicSecrets: [
      {
        secret: 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==',
        means:
          'it is signed with the secret that Zendesk uses for every test before a webhook is created: create the webhook, then set its own secret here and test again',
      },
    ],
  },
  'hubspot-v3': {
    kind: 'mac',
    header: 'x-hubspot-signature-v3',
    grammar: { kind: 'one', prefix: '' },
    algorithm: 'sha256',
    encoding: 'base64',
    key: 'text',
    signed: ['method', 'url', 'body', 'timestamp'],
    timestamp: { in: { header: 'x-hubspot-request-timestamp' }, units: ['ms'], ...FIVE_MINUTES },
  },
  stripe: {
    kind: 'mac',
    header: 'stripe-signature',
    grammar: { kind: 'pairs', signature: 'v1', timestamp: 't' },
    algorithm: 'sha256',
    encoding: 'hex',
    // With its whsec_, unlike Standard Webhooks.
    key: 'text',
    signed: ['timestamp', { text: '.' }, 'body'],
    timestamp: { in: 'grammar', units: ['s'], ...FIVE_MINUTES },
  },
  klaviyo: {
    kind: 'mac',
    header: 'klaviyo-signature',
    grammar: { kind: 'one', prefix: '' },
    algorithm: 'sha256',
    encoding: 'hex',
    key: 'text',
    signed: ['body', 'timestamp'],
    // An HTTP date, as a third party tells; Klaviyo's own pages do not say. The text is signed, so other forms can be read as well.
    timestamp: { in: { header: 'klaviyo-timestamp' }, units: ['http-date', 'iso', 's'], ...FIVE_MINUTES },
  },
  shopify: overBody('x-shopify-hmac-sha256', 'sha256', 'base64'),
  woocommerce: overBody('x-wc-webhook-signature', 'sha256', 'base64'),
  intercom: overBody('x-hub-signature', 'sha1', 'hex', 'sha1='),
  segment: overBody('x-signature', 'sha1', 'hex'),
  'github-style': overBody('x-hub-signature-256', 'sha256', 'hex', 'sha256='),
} as const satisfies Readonly<Record<string, Scheme>>

/** The most common form: the body alone, without a time. */
function overBody(
  header: string,
  algorithm: MacScheme['algorithm'],
  encoding: MacScheme['encoding'],
  prefix = '',
): MacScheme {
  return {
    kind: 'mac',
    header,
    grammar: { kind: 'one', prefix },
    algorithm,
    encoding,
    key: 'text',
    signed: ['body'],
    timestamp: null,
  }
}
