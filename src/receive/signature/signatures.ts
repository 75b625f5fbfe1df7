import type { Grammar, MacScheme } from './scheme.ts'
import { malformed, type Refused } from './verdict.ts'

/** Far above any sender's: Stripe's, with a signature for each of two secrets, has 150. */
const LONGEST_HEADER = 4096
/** A rotation has two. */
const MOST_SIGNATURES = 32

/** `timestamp`: where the grammar holds it, else null. */
export type Given = { kind: 'given'; signatures: readonly string[]; timestamp: string | null }

/** What a signature header holds, by the scheme's grammar and alphabet. */
export function signaturesIn(header: string, scheme: MacScheme): Given | Refused {
  const { header: name, grammar } = scheme
  if (header.length > LONGEST_HEADER) {
    return malformed(`the header ${name} must have at most ${LONGEST_HEADER} characters`)
  }
  const given = grammar.kind === 'one' ? oneIn(header, grammar.prefix) : pairsIn(header, grammar)
  const wellFormed = scheme.encoding === 'hex' ? /^[0-9a-f]+$/ : /^[A-Za-z0-9+/]+={0,2}$/
  // Of several, one that is garbled does not spoil the others.
  if (given?.signatures.some((signature) => wellFormed.test(signature))) return given
  const form =
    grammar.kind === 'one'
      ? `${grammar.prefix}${scheme.encoding}`
      : `${grammar.timestamp}=…,${grammar.signature}=${scheme.encoding}`
  return malformed(
    `the header ${name} must hold one signature as ${form}${scheme.encoding === 'hex' ? ' in lower case' : ''}`,
  )
}

function oneIn(header: string, prefix: string): Given | null {
  if (!header.startsWith(prefix)) return null
  return { kind: 'given', signatures: [header.slice(prefix.length)], timestamp: null }
}

/** Other keys (Stripe's test scheme `v0`) are passed over; a second time is none. Blanks are what a proxy puts between two headers that it joins. */
function pairsIn(header: string, grammar: Extract<Grammar, { kind: 'pairs' }>): Given | null {
  if (/\s/.test(header)) return null
  const signatures: string[] = []
  const timestamps: string[] = []
  for (const pair of header.split(',')) {
    const at = pair.indexOf('=')
    const key = pair.slice(0, Math.max(at, 0))
    if (key === grammar.signature) signatures.push(pair.slice(at + 1))
    else if (key === grammar.timestamp) timestamps.push(pair.slice(at + 1))
  }
  const [timestamp, another] = timestamps
  if (timestamp === undefined || another !== undefined || signatures.length > MOST_SIGNATURES) return null
  return { kind: 'given', signatures, timestamp }
}
