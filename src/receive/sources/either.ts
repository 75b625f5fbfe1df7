import { z } from 'zod'

/** A body in one of two forms. Which one it is in is told first, so that what is wrong is said of the form that was meant. */
export function either<First, Second>(
  isFirst: (body: unknown) => boolean,
  first: z.ZodType<First>,
  second: z.ZodType<Second>,
): z.ZodType<First | Second> {
  return z.unknown().transform((body, context) => {
    const read = (isFirst(body) ? first : second).safeParse(body)
    if (read.success) return read.data
    for (const { path, message } of read.error.issues) {
      context.addIssue({ code: 'custom', path: [...path], message, input: body })
    }
    return z.NEVER
  })
}
