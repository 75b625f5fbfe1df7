import { parseBody } from './json.ts'

/** The bytes of each event of a delivery. */
export type Split =
  | { kind: 'parts'; parts: readonly Buffer[] }
  /** `kept`: what is kept of it, where that is not the body as it came. */
  | { kind: 'unreadable'; reason: string; kept?: Buffer }

/** Senders that batch stop at a hundred; each is an event with rows of its own. */
const MOST = 1000

/**
 * The elements of a JSON list, each as its own bytes, so that nothing of it changes (an id past 2^53, a duplicate key). `path`: where in the body the list stands; empty: the body
 * is the list. A body that is not JSON, or has no list there, is unreadable.
 */
export function splitJson(body: Buffer, path: readonly string[] = []): Split {
  const parsed = parseBody(body)
  if (parsed.kind === 'unreadable') return parsed
  let value: unknown = parsed.value
  for (const key of path) value = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined
  const place = path.length === 0 ? 'the body' : path.join('.')
  if (!Array.isArray(value)) return { kind: 'unreadable', reason: `${place}: expected a list of events` }
  if (value.length > MOST) {
    return { kind: 'unreadable', reason: `${place}: at most ${MOST} events a delivery, got ${value.length}` }
  }
  const parts = elementsAt(body.toString('utf8'), path).map((text) => Buffer.from(text))
  // Where a key stands twice the parser takes the last one; so does the search, and this holds it to that.
  return parts.length === value.length
    ? { kind: 'parts', parts }
    : { kind: 'unreadable', reason: `${place}: the list cannot be told apart` }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Of valid JSON. One pass for each step of the path. */
function elementsAt(text: string, path: readonly string[]): string[] {
  let inside = text.trim()
  for (const key of path) {
    const members = membersOf(inside)
    inside = members.findLast((member) => member.key === key)?.value ?? ''
  }
  return membersOf(inside).map(({ value }) => value)
}

/** The members of an object, or the elements of a list, as they are written. */
function membersOf(text: string): { key: string | null; value: string }[] {
  const members: { key: string | null; value: string }[] = []
  let depth = 0
  let begin = 1
  let colon = -1
  let at = 0
  const take = () => {
    const key = colon < 0 ? null : String(JSON.parse(text.slice(begin, colon)))
    const value = text.slice(colon < 0 ? begin : colon + 1, at).trim()
    if (value !== '') members.push({ key, value })
    begin = at + 1
    colon = -1
  }
  for (; at < text.length; at += 1) {
    const character = text[at]
    if (character === '"') at = endOfString(text, at)
    else if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') {
      depth -= 1
      if (depth === 0) take()
    } else if (depth === 1 && character === ',') take()
    else if (depth === 1 && character === ':' && colon < 0) colon = at
  }
  return members
}

function endOfString(text: string, begin: number): number {
  let at = begin + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}
