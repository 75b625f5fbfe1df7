import { z } from 'zod'
import { list } from '../shapes/values.ts'

/** A page of a list, newest first. `next` may stand behind a page that is not full: so far was looked, and no further yet. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({
    items: list(item),
    next: z.string().nullable().meta({
      description:
        'Ask with this as `before` for what is older. Null: nothing is. A page may be short and have one.',
    }),
  })
}

/** A short list, whole or its newest. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ items: list(item) })
}
