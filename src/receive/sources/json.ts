import { isUtf8 } from 'node:buffer'

/** Deeper than this no event is; what walks a payload later (Liquid, the ledger) may then recurse. */
const DEEPEST = 64

export type ParsedBody = { kind: 'parsed'; value: unknown } | { kind: 'unreadable'; reason: string }

/**
 * Parses a body. Integers beyond ±(2^53 - 1) become their own text, because ids may be that long and a rounded id is another customer's.
 * A byte order mark is passed over. `reason` quotes nothing of the body. Never throws.
 */
export function parseBody(raw: Buffer): ParsedBody {
  // Read all the same, foreign letters would become U+FFFD in what customers are told.
  if (!isUtf8(raw)) return { kind: 'unreadable', reason: 'the body is not UTF-8' }
  const text = raw.toString('utf8').replace(/^\uFEFF/, '')
  if (text.trim() === '') return { kind: 'unreadable', reason: 'the body is empty' }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's own words quote the body.
    return { kind: 'unreadable', reason: 'the body is not JSON' }
  }
  if (deeperThan(value, DEEPEST)) {
    return { kind: 'unreadable', reason: `the body is nested more than ${DEEPEST} levels deep` }
  }
  return { kind: 'parsed', value: LONG.test(text) ? JSON.parse(text.replace(STRING_OR_LONG, quoted)) : value }
}

const LONG = /\d{16}/
/**
 * Of valid JSON: a string, whole, or an integer of sixteen digits and more; no part of a fraction or an exponent. A reviver would tell them too, and costs twenty times the parsing for the sake
 * of one number.
 */
const STRING_OR_LONG = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g

function quoted(token: string): string {
  return token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"${token}"`
}

/** Its recursion ends at the limit: a megabyte of brackets must not overflow the stack. */
function deeperThan(value: unknown, limit: number): boolean {
  if (!isNested(value)) return false
  if (limit === 0) return true
  for (const inner of Object.values(value)) if (deeperThan(inner, limit - 1)) return true
  return false
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
