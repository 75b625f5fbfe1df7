import { isPossiblePhoneNumber, isSupportedCountry } from 'libphonenumber-js'
import { z } from 'zod'
import { formatDuration, parseDuration } from './duration.ts'
import { compileCondition, compileField } from './liquid.ts'
import { parsePattern } from './pattern.ts'

/**
 * The values that postrider.yaml and the front matter of templates are made of. Every message says what was expected; none quotes a value, which may
 * be a secret: what Liquid quotes is a parameter of its own, `quotes`.
 */

export const text = (expected: string) =>
  z.string(`expected ${expected}`).trim().min(1, `expected ${expected}, got an empty text`)

const NAME = /^[a-z0-9][a-z0-9-]*$/
export const name = z.string().regex(NAME, 'a name has lower-case letters, digits and hyphens')

/** A century: what is added to a time must stay a time. */
const LONGEST_MS = 36_500 * 86_400_000

/** Milliseconds. `why` goes with `least`. */
export function duration(options: { least?: number; why?: string; most?: number } = {}) {
  const { least, why = '', most = LONGEST_MS } = options
  return z.string('expected a duration such as 30m').transform((value, context) => {
    const ms = parseDuration(value)
    if (ms === null) {
      context.addIssue('expected a duration: a whole number and s, m, h or d, such as 90s, 30m, 24h, 7d')
      return z.NEVER
    }
    if (ms > most) {
      context.addIssue(`expected at most ${formatDuration(most)}`)
      return z.NEVER
    }
    if (least !== undefined && ms < least) {
      context.addIssue(`expected at least ${formatDuration(least)}${why}`)
      return z.NEVER
    }
    return ms
  })
}

export const mailbox = z.strictObject(
  { email: z.email('expected an email address'), name: text('a name').optional() },
  'expected { email, name }',
)

export const externalSource = z.strictObject(
  { id: text('the id of an external source'), name: text('the name of the external source') },
  'expected { id, name }',
)

const E164 =
  'expected a phone number as E.164 has it, in quotes: "+", country code and number, such as "+13175550100"'

/** Whether the number is in use is not asked: the library's numbering plans are older than the newest numbers. */
export const phoneNumber = z
  .string(E164)
  .trim()
  .refine((value) => /^\+\d+$/.test(value) && isPossiblePhoneNumber(value), E164)

const COUNTRY = 'expected a country as ISO 3166 has it: two capital letters, such as DE'

export const country = z.string(COUNTRY).refine(isSupportedCountry, COUNTRY)

const PUBLIC_URL = 'expected the address that senders call, such as https://hooks.example.com'

/** Without a slash at its end; a path may stand in it, a query may not. */
export const publicUrl = z
  .string(PUBLIC_URL)
  .trim()
  .refine((value) => /^https?:\/\/[^\s?#]+$/.test(value) && URL.canParse(value), PUBLIC_URL)
  .transform((value) => value.replace(/\/+$/, ''))

const SHARE = 'expected a share from 0 to 1, such as 0.05'

export const share = z.number(SHARE).min(0, SHARE).max(1, SHARE)

export const wholeNumber = (expected: string) => z.number(expected).int('expected a whole number')

export const pattern = text('source/type, such as crm/ticket.resolved').transform((value, context) => {
  const parsed = parsePattern(value)
  if (parsed) return parsed
  context.addIssue('expected source/type, such as crm/ticket.resolved or "*/customer.erased"')
  return z.NEVER
})

export const field = text('a text such as "{{ data.customer.id }}"').transform((value, context) => {
  const result = compileField(value)
  if (result.kind === 'compiled') return result.value
  context.addIssue({ code: 'custom', message: 'not Liquid', params: { quotes: result.reason } })
  return z.NEVER
})

export const condition = z
  .union(
    [z.string(), z.boolean().transform(String)],
    'expected a condition such as data.ticket.channel == "web"',
  )
  .transform((value, context) => {
    const result = compileCondition(value)
    if (result.kind === 'compiled') return result.value
    const message = 'not a Liquid condition (compare with ==, join with and, or)'
    context.addIssue({ code: 'custom', message, params: { quotes: result.reason } })
    return z.NEVER
  })

export function distinct<T extends z.ZodType>(item: T, expected: string) {
  return z
    .array(item, `expected ${expected}`)
    .min(1, `expected ${expected}, got an empty list`)
    .refine((list) => new Set(list).size === list.length, 'each may stand there once')
}
