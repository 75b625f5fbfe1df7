import { visible } from './visible.ts'

/** A shorter value is no secret, and would blot out ordinary words. */
const SHORTEST_SECRET = 8

/** Replaces these values wherever they stand; to be used before a text is cut, which could leave the half of one. */
export function redactValues(values: readonly string[]): (text: string) => string {
  // The longest first: one may hold another.
  const secrets = values
    .filter(({ length }) => length >= SHORTEST_SECRET)
    .toSorted((a, b) => b.length - a.length)
  return (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), text)
}

/** A line longer than this is somebody else's text, not ours. */
const LONGEST = 1000

// Order matters: a Bearer token may contain what looks like a phone number.
const SECRETS: readonly [RegExp, string][] = [
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 [redacted]'],
  [/\bwh(sec|sk|pk)_[\w+/=-]+/g, 'wh$1_[redacted]'],
  [/\bv1a?,[\w+/=-]{20,}/g, '[signature]'],
  [/[^\s"'<>@,;:]+@[^\s"'<>@,;:]+\.[a-z]{2,}/gi, '[email]'],
  // A `+` and at least seven digits, however they are grouped: E.164 and its handwritten forms.
  [/\+\d(?:[\s().-]{0,3}\d){6,}/g, '[phone]'],
]

/** What each of the patterns needs somewhere: most texts have none of it, and one look is cheaper than five. */
const SUSPICIOUS = /[@+]|wh(?:sec|sk|pk)_|v1a?,|bearer|basic/i

/** The text without secrets, addresses, phone numbers and terminal escapes, cut at 1,000 characters. */
export function redact(text: string): string {
  let clean = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
  if (SUSPICIOUS.test(clean)) {
    for (const [pattern, replacement] of SECRETS) clean = clean.replace(pattern, replacement)
  }
  return visible(clean)
}
