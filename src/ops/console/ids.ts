/** Numbers of messages as a form carries them: in order, each as its distance from the one before, in base 36. A hundred thousand have some 200 kB. */
export function idsText(ids: readonly number[]): string {
  const sorted = [...new Set(ids)].sort((a, b) => a - b)
  return sorted.map((id, n) => (id - (sorted[n - 1] ?? 0)).toString(36)).join('.')
}

/** Null: it is no such text. */
export function idsIn(text: string): number[] | null {
  if (!/^[0-9a-z]{1,11}(\.[0-9a-z]{1,11})*$/.test(text)) return null
  let last = 0
  const ids = text.split('.').map((part) => {
    last += Number.parseInt(part, 36)
    return last
  })
  return ids.every((id) => Number.isSafeInteger(id) && id > 0) ? ids : null
}
