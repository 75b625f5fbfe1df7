/** Chance that comes again with its seed. */
export type Chance = {
  /** From 0 up to 1. */
  share(): number
  below(count: number): number
  pick<T>(from: readonly T[]): T
  /** True in this share of the cases. */
  is(share: number): boolean
}

/** mulberry32; `seed`: any whole number. */
export function chanceFrom(seed: number): Chance {
  let state = seed >>> 0
  function share(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (count: number) => Math.floor(share() * count)
  return {
    share,
    below,
    pick<T>(from: readonly T[]): T {
      const one = from[below(from.length)]
      if (one === undefined) throw new Error('there is nothing to pick from')
      return one
    },
    is: (wanted) => share() < wanted,
  }
}
