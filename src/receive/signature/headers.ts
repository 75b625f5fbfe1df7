import { type Refused, refused } from './verdict.ts'

/** The one value of a header, `name` in lower case. Refused where there is none or more than one: a second one is somebody's attempt, or a proxy's doing. */
export function singleHeader(
  rawHeaders: readonly string[],
  name: string,
): { kind: 'value'; value: string } | Refused {
  let value: string | undefined
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const given = rawHeaders[at] ?? ''
    // Lengths first: a request has twenty headers, and one of them is meant.
    if (given.length !== name.length || given.toLowerCase() !== name) continue
    if (value !== undefined) return refused('duplicate-header', `there is more than one ${name} header`)
    value = rawHeaders[at + 1] ?? ''
  }
  return value === undefined
    ? refused('missing-header', `without the header ${name}`)
    : { kind: 'value', value }
}

/** All values of a header, joined as HTTP joins them; null where there is none. */
export function headerOf(rawHeaders: readonly string[], name: string): string | null {
  let joined: string | null = null
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== name) continue
    const value = rawHeaders[at + 1] ?? ''
    joined = joined === null ? value : `${joined}, ${value}`
  }
  return joined
}

/** What browsers and proxies add for others: no sender signs it, and it lets somebody in elsewhere. */
const OTHERS_SECRETS: ReadonlySet<string> = new Set([
  'cookie',
  'cookie2',
  'set-cookie',
  'proxy-authorization',
])
/** Characters of all names and values. A signed delivery has 1 to 2 kB of them; the longest signature that is read has 4 kB. */
const MOST_KEPT = 8 * 1024

/**
 * The headers of a delivery that is to be verified later, under a configuration that may name other ones than now: all that could prove it, with its tokens, but for what is certainly
 * somebody else's. What does not fit is left out.
 */
export function headersToKeep(rawHeaders: readonly string[]): string[] {
  const kept: string[] = []
  let left = MOST_KEPT
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = [rawHeaders[at], rawHeaders[at + 1]]
    const size = name.length + value.length
    if (size > left || OTHERS_SECRETS.has(name.toLowerCase())) continue
    kept.push(name, value)
    left -= size
  }
  return kept
}
