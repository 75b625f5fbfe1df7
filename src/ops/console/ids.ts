/**
 * Numbers of messages with how many attempts each had, as a form carries them: in order, each as its distance from the one before, in base 36, and behind a hyphen the attempts where there are any. A
 * hundred thousand have some 200 kB.
 */
export function seenText(ids: readonly number[], attempts: readonly number[]): string {
  const sorted = ids.map((id, n) => ({ id, tries: attempts[n] ?? 0 })).sort((a, b) => a.id - b.id)
  return sorted
    .map(({ id, tries }, n) => {
      const distance = (id - (sorted[n - 1]?.id ?? 0)).toString(36)
      return tries === 0 ? distance : `${distance}-${tries.toString(36)}`
    })
    .join('.')
}

/** Attempts by message. Null: it is no such text, or has more than `most` of them. */
export function seenIn(text: string, most: number): Map<number, number> | null {
  if (!/^[0-9a-z]{1,11}(-[0-9a-z]{1,6})?(\.[0-9a-z]{1,11}(-[0-9a-z]{1,6})?)*$/.test(text)) return null
  const parts = text.split('.')
  if (parts.length > most) return null
  const seen = new Map<number, number>()
  let id = 0
  for (const part of parts) {
    const [distance = '', tries = '0'] = part.split('-')
    id += Number.parseInt(distance, 36)
    if (!Number.isSafeInteger(id) || id <= 0) return null
    seen.set(id, Number.parseInt(tries, 36))
  }
  return seen
}
