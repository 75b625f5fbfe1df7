import { z } from 'zod'
import type { ReadingCondition, ReadingField, ReadingScope } from './config.ts'
import { compileCondition, compileField, headersNamedIn } from './liquid.ts'
import { HEADER_NAME } from './signed-parts.ts'
import { text } from './values.ts'

/** The values that the block `custom` of a source is made of. */

export const headerName = text('the name of a header')
  .regex(HEADER_NAME, 'expected the name of a header, such as x-signature')
  .toLowerCase()

const HEADERS =
  'expected headers by their names in lower case, such as headers["x-topic"]: no others are kept with an event'

/** The headers that a Liquid text takes; an issue where it does not say which. */
function headersIn(liquid: string, context: z.core.$RefinementCtx): readonly string[] {
  const names = headersNamedIn(liquid)
  if (names?.every((one) => HEADER_NAME.test(one) && one === one.toLowerCase())) return names
  context.addIssue({ code: 'custom', message: HEADERS, input: liquid })
  return []
}

type Named<T> = T & { headers: readonly string[] }

export const readingField = text('a text such as "{{ payload.id }}"').transform(
  (value, context): Named<ReadingField> => {
    const result = compileField<ReadingScope>(value)
    if (result.kind === 'compiled') return { ...result.value, headers: headersIn(value, context) }
    context.addIssue({ code: 'custom', message: 'not Liquid', params: { quotes: result.reason } })
    return z.NEVER
  },
)

export const readingCondition = text('a condition such as payload.test == true').transform(
  (value, context): Named<ReadingCondition> => {
    const result = compileCondition<ReadingScope>(value)
    if (result.kind === 'compiled') {
      return { ...result.value, headers: headersIn(`{% if ${value} %}{% endif %}`, context) }
    }
    const message = 'not a Liquid condition (compare with ==, join with and, or)'
    context.addIssue({ code: 'custom', message, params: { quotes: result.reason } })
    return z.NEVER
  },
)

/** Keys joined by dots. */
export const path = text('a path such as data.items')
  .transform((value) => value.split('.'))
  .refine((keys) => keys.every((key) => key !== ''), 'expected a path such as data.items')
