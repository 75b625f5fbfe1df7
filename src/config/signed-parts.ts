import type { SignedPart } from '../receive/signature/scheme.ts'

const NAMES = '{body}, {timestamp}, {method}, {url} and {header:NAME}'

/** A header's name, as RFC 9110 has it. */
export const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/**
 * What a signature is made over, written as a text: `v0:{timestamp}:{body}`. What stands between the braces is the request's, the rest is itself.
 */
export function signedPartsOf(
  text: string,
): { kind: 'parts'; parts: readonly SignedPart[] } | { kind: 'wrong'; reason: string } {
  const parts: SignedPart[] = []
  for (const piece of text.split(/(\{[^{}]*\})/).filter((one) => one !== '')) {
    const part = piece.startsWith('{') || /[{}]/.test(piece) ? requestPart(piece) : { text: piece }
    if (part === null)
      return { kind: 'wrong', reason: `expected text with ${NAMES} in it; there are no other braces` }
    parts.push(part)
  }
  return parts.filter((part) => part === 'body').length === 1
    ? { kind: 'parts', parts }
    : { kind: 'wrong', reason: "expected {body} in it, once: what is not signed could be anybody's" }
}

function requestPart(piece: string): SignedPart | null {
  const name = piece.slice(1, -1)
  if (piece !== `{${name}}`) return null
  if (name === 'body' || name === 'timestamp' || name === 'method' || name === 'url') return name
  const [, header = ''] = /^header:(.*)$/.exec(name) ?? []
  return HEADER_NAME.test(header) ? { header: header.toLowerCase() } : null
}
