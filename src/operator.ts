/** What somebody may do here, from less to more; `src/ops/access/allows.ts` says what each may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** Who asks: a person who logged in, or a program with a token. `name`: as the trail and messages have it, `ann` or `token reports`. */
export type Operator = { name: string; role: Role; via: 'session' | 'token' }

/** What Postrider itself and others than operators are called where it says who did something: no person may be called so. */
export const RESERVED_NAMES: readonly string[] = ['postrider', 'genesys', 'suppresson', 'nobody', 'token']

/**
 * The name as it is kept, in small letters; null where it cannot be one. Letters, digits, `.`, `_` and `-`: with an `@` or a blank it could be an address, which the
 * trail does not keep, or a token.
 */
export function operatorName(text: string): string | null {
  const name = text.trim().normalize('NFKC').toLowerCase()
  return /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,31}$/u.test(name) && !RESERVED_NAMES.includes(name) ? name : null
}
