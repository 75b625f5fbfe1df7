import { headerOf } from './headers.ts'

/** What HubSpot decodes in the URL before it signs, and nothing else; in capitals only. */
const DECODED: ReadonlyMap<string, string> = new Map([
  ['%3A', ':'],
  ['%2F', '/'],
  ['%3F', '?'],
  ['%40', '@'],
  ['%21', '!'],
  ['%24', '$'],
  ['%27', "'"],
  ['%28', '('],
  ['%29', ')'],
  ['%2A', '*'],
  ['%2C', ','],
  ['%3B', ';'],
])

/**
 * The URL as HubSpot signs it.
 *
 * Source: https://developers.hubspot.com/docs/api/webhooks/validating-requests, "Validate the v3 request signature".
 */
export function signedUri(url: string): string {
  let decoded = ''
  let from = 0
  for (let at = url.indexOf('%'); at >= 0; at = url.indexOf('%', at + 1)) {
    const character = DECODED.get(url.slice(at, at + 3))
    if (character === undefined) continue
    decoded += url.slice(from, at) + character
    from = at + 3
  }
  return decoded + url.slice(from)
}

/** Where a delivery came to. `target`: path and query as they came. */
export type Called = {
  source: string
  target: string
  rawHeaders: readonly string[]
  /** Of the source's configuration. */
  publicUrl: string | null
}

/**
 * The URL that the sender called: `publicUrl` and the path behind it, or `publicUrl` alone where that names the source's path already; the query is the
 * request's. Without a `publicUrl` it is what a proxy with TLS in front mostly leaves: https, and the Host header.
 */
export function calledUrl(called: Called): string {
  const { source, target, rawHeaders, publicUrl } = called
  if (publicUrl === null) return `https://${headerOf(rawHeaders, 'host') ?? 'localhost'}${target}`
  const base = publicUrl.replace(/\/+$/, '')
  const query = target.includes('?') ? target.slice(target.indexOf('?')) : ''
  return base.endsWith(`/webhooks/${source}`) ? `${base}${query}` : `${base}${target}`
}

/** Other URLs that the same delivery may have been sent to, so that one can be told from a wrong secret: few, because each costs a signature. */
export function otherUrls(called: Called): string[] {
  const { target, rawHeaders, publicUrl } = called
  const hosts = [headerOf(rawHeaders, 'x-forwarded-host'), headerOf(rawHeaders, 'host')]
  const fromPublic = publicUrl !== null && URL.canParse(publicUrl) ? [new URL(publicUrl).host] : []
  const names = new Set([...hosts, ...fromPublic].filter((host) => host !== null && host !== ''))
  const urls = [...names]
    .slice(0, 3)
    .flatMap((host) => [`https://${host}${target}`, `http://${host}${target}`])
  const [path = '', ...query] = target.split('?')
  const slashed = [path.endsWith('/') ? path.slice(0, -1) : `${path}/`, ...query].join('?')
  const own = calledUrl(called)
  return [...new Set([...urls, calledUrl({ ...called, target: slashed })])].filter((url) => url !== own)
}
