import { verifyMac } from './mac.ts'
import type { MacScheme, Scheme } from './scheme.ts'
import { verifyStandardWebhook } from './standard-webhooks.ts'
import { verifyToken } from './token.ts'
import { refused, type SignedRequest, type Verdict } from './verdict.ts'

/**
 * Whether a delivery is its sender's own, by the sender's scheme. Pure: the clock is passed in.
 *
 * `otherUrls`: where the scheme signs the URL, under which other ones the delivery may have been sent: asked for only where it fits none of the secrets as it is.
 */
export function verify(
  scheme: Scheme,
  request: SignedRequest,
  otherUrls: () => readonly string[] = () => [],
): Verdict {
  switch (scheme.kind) {
    case 'standard-webhooks':
      return verifyStandardWebhook(request, scheme.key)
    case 'token':
      return verifyToken(scheme, request)
    case 'mac':
      return scheme.signed.includes('url')
        ? verifyWithUrl(scheme, request, otherUrls)
        : verifyMac(scheme, request)
  }
}

/** A wrong URL looks like a wrong secret, and is the more common mistake: a proxy that ends TLS is enough. */
function verifyWithUrl(
  scheme: MacScheme,
  request: SignedRequest,
  otherUrls: () => readonly string[],
): Verdict {
  const verdict = verifyMac(scheme, request)
  if (verdict.kind === 'authentic' || verdict.reason !== 'no-match') return verdict
  const url = otherUrls().find((one) => verifyMac(scheme, { ...request, url: one }).kind === 'authentic')
  if (url === undefined) {
    return refused(
      'no-match',
      `no secret of this source makes this signature, which is over the URL too, taken as ${withoutQuery(request.url)}: where the sender calls another, set publicUrl to that; else compare the secrets, and see that nothing on the way changes the body`,
    )
  }
  const called = withoutQuery(url)
  const expected = withoutQuery(request.url)
  const origin = originOf(url)
  return refused(
    'wrong-url',
    origin === originOf(expected)
      ? `the secret is right, but what was called is ${called}, and it arrived as ${expected}: something on the way changes the path; let it through as it is, or have the sender call the other`
      : `the secret is right, but what was called is ${called}, and not ${expected}: set publicUrl of this source to ${origin}`,
  )
}

function withoutQuery(url: string): string {
  return url.split('?')[0] ?? url
}

function originOf(url: string): string {
  return /^https?:\/\/[^/]+/.exec(url)?.[0] ?? url
}
