import type { Source } from './config.ts'

/** Shorter ones can be guessed. */
const LEAST_SECRET_BYTES = 8
const LEAST_TOKEN_CHARACTERS = 16

/** What is wrong with a secret of a preset, for an operator; null: nothing. Quotes nothing of it. */
export function secretProblem(preset: Source['preset'], secret: string): string | null {
  return PROBLEMS[preset](secret)
}

const PROBLEMS: Readonly<Record<Source['preset'], (secret: string) => string | null>> = {
  'standard-webhooks': signingKeyProblem,
  'genesys-undelivered': tokenProblem,
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

/** Genesys sends what it was told in a header, which arrives without blanks around it and cannot hold a line break. */
function tokenProblem(secret: string): string | null {
  if (secret !== secret.trim() || /\p{Cc}/u.test(secret)) {
    return 'expected a token as it is sent in a header: without blanks around it and without line breaks'
  }
  return secret.length < LEAST_TOKEN_CHARACTERS
    ? `expected a token, any text of at least ${LEAST_TOKEN_CHARACTERS} characters, got ${secret.length}`
    : null
}
