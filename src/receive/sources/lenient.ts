import { z } from 'zod'

/** What an event can do without: a field that is something else than expected must not make its event unreadable. */
export const anything = z.unknown().optional()

/** An object of such fields; null where there is none, or something else. */
export function maybe<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.object(shape).nullish().catch(null)
}
