import type { z } from 'zod'

/** Everything that is wrong with a body, each with its place; quotes nothing of it. */
export function problemsOf(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => `${path.length === 0 ? 'the body' : path.join('.')}: ${message}`)
    .join('; ')
}

export function expected(what: string) {
  return ({ input }: { input?: unknown }) => `expected ${what}, got ${kindOf(input)}`
}

export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'string' ? 'text' : `a ${typeof value}`
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
