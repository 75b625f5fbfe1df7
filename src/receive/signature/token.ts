import { hash, timingSafeEqual } from 'node:crypto'
import { headerOf } from './headers.ts'
import type { TokenPlace, TokenScheme } from './scheme.ts'
import { malformed, NO_SECRET, type Refused, refused, type SignedRequest, type Verdict } from './verdict.ts'

/**
 * Verifies a delivery by a secret that comes with it, in exactly one of the scheme's places. For senders that cannot sign: it proves who sends, and neither that the
 * body is theirs nor that it is new, so the way here must be HTTPS. Pure.
 */
export function verifyToken(
  { places }: TokenScheme,
  request: Pick<SignedRequest, 'rawHeaders' | 'secrets' | 'url' | 'body'>,
): Verdict {
  if (request.secrets.length === 0) return NO_SECRET
  // Two of different schemes, too: nobody sends them, and who reads which is anybody's guess.
  if (places.some(isAuthorization) && valuesOf(request.rawHeaders, 'authorization').length > 1) {
    return refused('duplicate-header', 'there is more than one authorization header')
  }
  const found = places.flatMap((place) => {
    const tokens = tokensIn(place, request)
    return tokens.map((token) => ({ place, token }))
  })
  const [one, another] = found
  if (another !== undefined) {
    return refused('duplicate-header', `there must be one token, in ${wordsOf(places)}`)
  }
  if (one === undefined) return refusedWithout(places, request)
  if (one.token.length === 0) return malformed(`the token in ${wordsOf([one.place])} is empty`)
  return isOneOf(
    one.token,
    request.secrets.map((secret) => expectedIn(one.place, secret)),
  )
    ? { kind: 'authentic', id: null, timestampMs: null }
    : refused('no-match', 'the token is none of this source; compare it with the secret')
}

/** Where a token belongs, in words. */
export function wordsOf(places: readonly TokenPlace[]): string {
  return places.map((place) => WORDS[place.in](place)).join(' or ')
}

const WORDS: Readonly<Record<TokenPlace['in'], (place: TokenPlace) => string>> = {
  basic: () => 'authorization (Basic)',
  bearer: () => 'authorization (Bearer)',
  header: (place) => `the header ${'name' in place ? place.name : ''}`,
  query: (place) => `the query parameter ${'name' in place ? place.name : ''}`,
  body: (place) => `the field ${'path' in place ? place.path.join('.') : ''} of the body`,
}

function isAuthorization(place: TokenPlace): boolean {
  return place.in === 'basic' || place.in === 'bearer'
}

/** As it must come: Basic is compared as it is encoded, so that other spellings of the same are none. */
function expectedIn(place: TokenPlace, secret: string): Buffer {
  return Buffer.from(place.in === 'basic' ? Buffer.from(secret).toString('base64') : secret)
}

/** Node reads headers byte by byte. */
function tokensIn(
  place: TokenPlace,
  { rawHeaders, url, body }: Pick<SignedRequest, 'rawHeaders' | 'url' | 'body'>,
): Buffer[] {
  switch (place.in) {
    case 'header':
      return valuesOf(rawHeaders, place.name).map((value) => Buffer.from(value, 'latin1'))
    case 'basic':
    case 'bearer':
      return valuesOf(rawHeaders, 'authorization').flatMap((value) => {
        const [, scheme = '', token] = /^(\S+) +(\S.*)$/.exec(value) ?? []
        return scheme.toLowerCase() === place.in && token !== undefined ? [Buffer.from(token, 'latin1')] : []
      })
    case 'query':
      // Not by URL, which throws where a stranger's Host header makes it none.
      return new URLSearchParams(url.split('?').slice(1).join('?'))
        .getAll(place.name)
        .map((value) => Buffer.from(value))
    case 'body': {
      const value = valueAt(body, place.path)
      return typeof value === 'string' ? [Buffer.from(value)] : []
    }
  }
}

function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name)
}

function valueAt(body: Buffer, path: readonly string[]): unknown {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8').replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = Reflect.get(value, key)
  }
  return value
}

function refusedWithout(
  places: readonly TokenPlace[],
  { rawHeaders }: Pick<SignedRequest, 'rawHeaders'>,
): Refused {
  return places.some(isAuthorization) && headerOf(rawHeaders, 'authorization') !== null
    ? malformed(`expected a token in ${wordsOf(places)}; what authorization holds is none`)
    : refused('missing-header', `without a token in ${wordsOf(places)}`)
}

/** In constant time: every secret is compared, whatever the others came to, and hashes have one length whatever the token's. */
function isOneOf(token: Buffer, secrets: readonly Buffer[]): boolean {
  const given = hash('sha256', token, 'buffer')
  let matches = 0
  for (const secret of secrets) matches += Number(timingSafeEqual(given, hash('sha256', secret, 'buffer')))
  return matches > 0
}
