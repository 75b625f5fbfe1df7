/** A number from 0 up to but not including 1; `Math.random`, or a test's own. */
export type Random = () => number

/**
 * The wait before try number `tries` + 1, in milliseconds: `firstMs`, twice that, four times … up to `mostMs`. With `random`, spread over the upper
 * half of it, so that what failed together does not come back together.
 */
export function backoff(tries: number, firstMs: number, mostMs: number, random?: Random): number {
  // 2^40 first waits are past any `mostMs`; beyond 2^1023 the product would be Infinity × 0.
  const full = Math.min(mostMs, firstMs * 2 ** Math.min(tries, 40))
  return random ? Math.round(full * (0.5 + random() / 2)) : full
}
