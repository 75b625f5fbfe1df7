import type { EventPattern } from './config.ts'

/** `source`: its part before the slash. `listensTo`: whether events of a source can match at all. */
export type ParsedPattern = EventPattern & { source: string; listensTo(name: string): boolean }

/** `source/type`; `*` stands for any characters, none too. Null: there is no slash to part the two. */
export function parsePattern(text: string): ParsedPattern | null {
  const slash = text.indexOf('/')
  if (slash <= 0 || slash === text.length - 1) return null
  const source = text.slice(0, slash)
  const type = text.slice(slash + 1)
  return {
    text,
    source,
    listensTo: (name) => matches(source, name),
    matches: (ofSource, ofType) => matches(source, ofSource) && matches(type, ofType),
  }
}

/** Greedy from the left, without backtracking: linear in the text whatever the pattern. */
function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*')
  const first = parts[0] ?? ''
  if (parts.length === 1) return text === pattern
  const last = parts.at(-1) ?? ''
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last))
    return false
  let at = first.length
  const end = text.length - last.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return at <= end
}
