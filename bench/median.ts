/** The middle one of the values; NaN where there is none. */
export function median(values: readonly number[]): number {
  return shareOf(
    values.toSorted((a, b) => a - b),
    0.5,
  )
}

/** The value below which so large a part of these lies, which are in order: 0.99 of them, p99. */
export function shareOf(sorted: readonly number[] | Float64Array, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}
