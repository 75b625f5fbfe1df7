import type { MacScheme, Scheme, TokenScheme } from '../receive/signature/scheme.ts'

/** Shorter ones can be guessed. */
const LEAST_SECRET_BYTES = 8
const LEAST_TOKEN_CHARACTERS = 16
const LEAST_PASSWORD_CHARACTERS = 8

/** What is wrong with a secret, for an operator; null: nothing. Quotes nothing of it. */
export function secretProblem(scheme: Scheme, secret: string): string | null {
  switch (scheme.kind) {
    case 'standard-webhooks':
      return scheme.key === 'whsec' ? signingKeyProblem(secret) : textProblem(secret)
    case 'mac':
      return macSecretProblem(scheme, secret)
    case 'token':
      return tokenProblem(scheme, secret)
  }
}

/** What is not wrong and may be dangerous. */
export function secretWarning(scheme: Scheme, secret: string): string | null {
  if (scheme.kind !== 'mac') return null
  const bytes = scheme.key === 'text' ? Buffer.byteLength(secret) : Buffer.from(secret, scheme.key).length
  return bytes < LEAST_SECRET_BYTES
    ? `this secret has ${bytes} bytes and can be guessed; use one of ${LEAST_TOKEN_CHARACTERS} or more`
    : null
}

/** Standard Webhooks: 24 to 64 random bytes in base64, behind `whsec_`. */
function signingKeyProblem(secret: string): string | null {
  if (!secret.startsWith('whsec_')) {
    return 'expected a secret that begins with whsec_, as Standard Webhooks and Svix write it'
  }
  const encoded = secret.slice('whsec_'.length)
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) {
    return 'expected base64 after whsec_; it has other characters'
  }
  const bytes = Buffer.from(encoded, 'base64').length
  return bytes < LEAST_SECRET_BYTES
    ? `expected at least ${LEAST_SECRET_BYTES} bytes in base64 after whsec_, got ${bytes}`
    : null
}

function macSecretProblem({ key, publicSecrets = [] }: MacScheme, secret: string): string | null {
  if (publicSecrets.some((known) => known.secret === secret)) {
    return 'this secret is public: the sender uses it for tests, and anybody could sign with it; set the secret of your own webhook'
  }
  const encoding = { text: null, base64: /^[A-Za-z0-9+/]+={0,2}$/, hex: /^(?:[0-9a-fA-F]{2})+$/ }[key]
  if (encoding !== null && !encoding.test(secret))
    return `expected a secret in ${key}; it has other characters`
  return textProblem(secret)
}

function textProblem(secret: string): string | null {
  if (secret === '') return 'expected a secret, got an empty text'
  return secret === secret.trim() ? null : 'this secret has blanks or line breaks around it'
}

/** In a header it arrives without blanks around it, and cannot hold a line break. */
function tokenProblem({ places }: TokenScheme, secret: string): string | null {
  if (secret !== secret.trim() || /\p{Cc}/u.test(secret)) {
    return 'expected a token as it is sent in a header: without blanks around it and without line breaks'
  }
  const isBasic = places.some((place) => place.in === 'basic')
  const colon = secret.indexOf(':')
  // Where it may come in a header too, a colon may be part of a token.
  if (isBasic && colon > 0 && (places.length === 1 || secret.length < LEAST_TOKEN_CHARACTERS)) {
    const password = secret.length - colon - 1
    return password < LEAST_PASSWORD_CHARACTERS
      ? `expected a password of at least ${LEAST_PASSWORD_CHARACTERS} characters behind the colon, got ${password}`
      : null
  }
  if (isBasic && places.length === 1) return 'expected user:password, as the sender was told to log in'
  return secret.length < LEAST_TOKEN_CHARACTERS
    ? `expected a token, any text of at least ${LEAST_TOKEN_CHARACTERS} characters, got ${secret.length}`
    : null
}
