import type { Answer } from './genesys.ts'

/** More pages than any list of an org has; a list that has more of them does not end. */
const MOST_PAGES = 100

/**
 * Asks page after page until one brings nothing new or names no next. `ask`: the page that the one before named, null for the first. The answer is
 * the last page's, with the entries of all by their ids.
 */
export async function allPages<T extends { id: string }, Next>(
  ask: (next: Next | null) => Promise<Answer<{ entries: readonly T[]; next: Next | null }>>,
  pace: () => Promise<void>,
): Promise<Answer<readonly T[]>> {
  const all = new Map<string, T>()
  let next: Next | null = null
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    if (page > 1) await pace()
    const answer = await ask(next)
    if (answer.kind !== 'ok') return answer
    const before = all.size
    for (const entry of answer.value.entries) all.set(entry.id, entry)
    next = answer.value.next
    if (next === null || all.size === before) return { ...answer, value: [...all.values()] }
  }
  return { kind: 'uncertain', code: 'ENDLESS', message: `a list of more than ${MOST_PAGES} pages` }
}
