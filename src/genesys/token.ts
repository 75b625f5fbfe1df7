import type { Clock } from '../clock.ts'
import { isSdkAnswer, objectOf, retryAfterOf, textOf } from './answer.ts'
import type { Answer } from './genesys.ts'
import { cleaner, failureOf } from './network.ts'
import type { Sdk } from './sdk.ts'

type NoToken = Extract<Answer<never>, { kind: 'no-token' }>
export type Token = { kind: 'token'; number: number; expiresAt: number }

/** The SDK does not renew a client-credentials token: this does, once for all that wait for it. */
export type Tokens = {
  /** A token that lasts for the next request; the SDK's client holds it. */
  current(): Promise<Token | NoToken>
  /** Says that a token was refused: unless a newer one is there, the next `current` logs in anew. */
  refused(token: Token): void
}

/** A token is renewed this long before its end; of a short-lived one, a tenth of its life before. */
const RENEW_BEFORE_MS = 60_000

export function createTokens(
  sdk: Sdk,
  credentials: { clientId: string; clientSecret: string },
  clock: Clock,
): Tokens {
  const clean = cleaner([credentials.clientSecret])
  let token: (Token & { renewAt: number }) | null = null
  let login: Promise<Token | NoToken> | null = null
  let number = 0

  async function logIn(): Promise<Token | NoToken> {
    const askedAt = clock.now()
    try {
      const { accessToken, tokenExpiryTime } = await sdk.client.loginClientCredentialsGrant(
        credentials.clientId,
        credentials.clientSecret,
      )
      // The SDK adds the life to the system's clock; what counts here is the life, which began before its answer came.
      const lifeMs = Math.max(0, Number(tokenExpiryTime) - Date.now())
      if (!Number.isFinite(lifeMs) || textOf(accessToken) === null) {
        // What the SDK sends from now on is no token.
        token = null
        return unreadable()
      }
      const expiresAt = askedAt + lifeMs
      number += 1
      token = {
        kind: 'token',
        number,
        expiresAt,
        renewAt: expiresAt - Math.min(RENEW_BEFORE_MS, lifeMs / 10),
      }
      return token
    } catch (error) {
      // A login that fails before its time costs nothing yet: the token that was to be renewed lasts on.
      return token && clock.now() < token.expiresAt ? token : loginFailure(error, clean)
    }
  }

  return {
    async current() {
      if (token && clock.now() < token.renewAt) return token
      login ??= logIn().finally(() => {
        login = null
      })
      return login
    },
    refused(refused) {
      if (token?.number === refused.number) token = null
    },
  }
}

function unreadable(): NoToken {
  return {
    kind: 'no-token',
    status: 200,
    code: null,
    message: 'the login answered without a token',
    retryAfterMs: null,
  }
}

/**
 * A failed login rejects with axios' own error, which holds the secret: only its answer's status, code and words are taken, and those through
 * `clean`, because an answer may repeat what it was sent.
 */
function loginFailure(error: unknown, clean: (words: string) => string): NoToken {
  const response = objectOf(objectOf(error).response)
  if (!isSdkAnswer(response)) {
    const { code, message } = failureOf(error)
    return { kind: 'no-token', status: null, code, message: clean(message), retryAfterMs: null }
  }
  const body = objectOf('data' in response ? response.data : null)
  return {
    kind: 'no-token',
    status: response.status,
    code: textOf(body.error) ?? textOf(body.code),
    message: clean(
      textOf(body.error_description) ?? textOf(body.description) ?? textOf(body.message) ?? 'no reason given',
    ),
    retryAfterMs: retryAfterOf(response),
  }
}
