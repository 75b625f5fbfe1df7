import { z } from 'zod'
import { CHANNELS, IDENTIFIERS } from '../message.ts'
import { formatDuration, parseDuration } from './duration.ts'
import { compileCondition, compileField } from './liquid.ts'
import { parsePattern } from './pattern.ts'

/**
 * The format of postrider.yaml. Every message says what was expected; none quotes a value, which may be a secret: what Liquid quotes is a
 * parameter of its own, `quotes`.
 */

/** Keys that the format has and this version does not know how to honour: silence would be a promise. */
const later = z.undefined('not supported yet by this version; remove it').optional()

const text = (expected: string) =>
  z.string(`expected ${expected}`).trim().min(1, `expected ${expected}, got an empty text`)
const NAME = /^[a-z0-9][a-z0-9-]*$/
const name = z.string().regex(NAME, 'a name has lower-case letters, digits and hyphens')

/** A century: what is added to a time must stay a time. */
const LONGEST_MS = 36_500 * 86_400_000

function duration(options: { least?: number; why?: string } = {}) {
  return z.string('expected a duration such as 30m').transform((value, context) => {
    const ms = parseDuration(value)
    if (ms === null) {
      context.addIssue('expected a duration: a whole number and s, m, h or d, such as 90s, 30m, 24h, 7d')
      return z.NEVER
    }
    if (ms > LONGEST_MS) {
      context.addIssue(`expected at most ${formatDuration(LONGEST_MS)}`)
      return z.NEVER
    }
    if (options.least !== undefined && ms < options.least) {
      context.addIssue(`expected at least ${formatDuration(options.least)}${options.why ?? ''}`)
      return z.NEVER
    }
    return ms
  })
}

const mailbox = z.strictObject(
  { email: z.email('expected an email address'), name: text('a name').optional() },
  'expected { email, name }',
)

const externalSource = z.strictObject(
  { id: text('the id of an external source'), name: text('the name of the external source') },
  'expected { id, name }',
)

const Genesys = z.strictObject(
  {
    rateLimitPerMinute: z
      .number('expected a number of calls a minute')
      .int('expected a whole number')
      .min(1, 'expected at least 1')
      .max(1_000_000, 'expected at most 1000000')
      .default(300),
    externalSource: externalSource.optional(),
    webmessaging: z
      .strictObject({ deploymentId: text('the id of a Messenger deployment') }, 'expected { deploymentId }')
      .optional(),
    email: z
      .strictObject({ from: mailbox, replyTo: mailbox.optional() }, 'expected { from, replyTo }')
      .optional(),
    onlyTo: z.array(text('an email address, a phone number or an externalId'), 'expected a list').default([]),
    sms: later,
    whatsapp: later,
    open: later,
    defaultCountry: later,
  },
  'expected the block that says how Genesys Cloud is used',
)

/** Shorter ones can be guessed. */
const LEAST_SECRET_BYTES = 8

/** Standard Webhooks: 24 to 64 random bytes in base64, behind `whsec_`. */
const secret = z
  .string('expected a secret, named as a variable of the environment')
  .superRefine((value, context) => {
    if (!value.startsWith('whsec_')) {
      context.addIssue('expected a secret that begins with whsec_, as Standard Webhooks and Svix write it')
      return
    }
    const encoded = value.slice('whsec_'.length)
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) {
      context.addIssue('expected base64 after whsec_; it has other characters')
      return
    }
    const bytes = Buffer.from(encoded, 'base64').length
    if (bytes < LEAST_SECRET_BYTES) {
      context.addIssue(`expected at least ${LEAST_SECRET_BYTES} bytes in base64 after whsec_, got ${bytes}`)
    }
  })

/** Svix retries for 28 h; a key that is forgotten earlier lets a redelivery in as a new event. */
const LEAST_DEDUPE_MS = 48 * 3_600_000
const DAY_MS = 24 * 3_600_000

const Source = z.strictObject(
  {
    preset: z
      .enum(
        ['standard-webhooks', 'svix'],
        'expected standard-webhooks (or svix, which is the same); other presets are not supported yet',
      )
      .transform(() => 'standard-webhooks' as const),
    secrets: z.array(secret, 'expected a list of secrets; [] waits for one'),
    dedupeFor: duration({ least: LEAST_DEDUPE_MS, why: ': senders try again for longer than a day' }).default(
      30 * DAY_MS,
    ),
    externalSource: externalSource.optional(),
    publicUrl: later,
    acceptTests: later,
    expectEvery: later,
  },
  'expected a block with preset and secrets',
)

const pattern = text('source/type, such as crm/ticket.resolved').transform((value, context) => {
  const parsed = parsePattern(value)
  if (parsed) return parsed
  context.addIssue('expected source/type, such as crm/ticket.resolved or "*/customer.erased"')
  return z.NEVER
})

const field = text('a text such as "{{ data.customer.id }}"').transform((value, context) => {
  const result = compileField(value)
  if (result.kind === 'compiled') return result.value
  context.addIssue({ code: 'custom', message: 'not Liquid', params: { quotes: result.reason } })
  return z.NEVER
})

const condition = z
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

const channel = z.enum(CHANNELS, `expected one of ${CHANNELS.join(', ')}`).superRefine((value, context) => {
  if (value !== 'webmessaging' && value !== 'email')
    context.addIssue(`the channel ${value} is not supported yet by this version`)
})

function distinct<T extends z.ZodType>(item: T, expected: string) {
  return z
    .array(item, `expected ${expected}`)
    .min(1, `expected ${expected}, got an empty list`)
    .refine((list) => new Set(list).size === list.length, 'each may stand there once')
}

const Route = z.strictObject(
  {
    on: z.union(
      [pattern.transform((one) => [one]), z.array(pattern).min(1, 'expected at least one pattern')],
      'expected source/type, or a list of them',
    ),
    mode: z.enum(['live', 'shadow', 'off'], 'expected live, shadow or off').default('live'),
    when: condition.optional(),
    customer: z
      .strictObject(
        {
          externalId: field.optional(),
          email: field.optional(),
          phone: field.optional(),
          name: field.optional(),
          locale: field.optional(),
          timezone: field.optional(),
          consent: field.optional(),
        },
        'expected a block with externalId, email, phone, …',
      )
      .refine((fields) => IDENTIFIERS.some((identifier) => fields[identifier] !== undefined), {
        error: `expected at least one of ${IDENTIFIERS.join(', ')}: by them the customer is found`,
        when: ({ issues }) => issues.length === 0,
      })
      .optional(),
    findBy: distinct(
      z.enum(IDENTIFIERS, `expected ${IDENTIFIERS.join(', ')}`),
      `a list of ${IDENTIFIERS.join(', ')}`,
    ).default([...IDENTIFIERS]),
    template: text('the name of a template'),
    channels: distinct(channel, `a list of ${CHANNELS.join(', ')}`),
    once: field.optional(),
    delay: duration().default(0),
    expireAfter: duration({ least: 1000 }).default(DAY_MS),
    brake: z
      .union(
        [
          z.literal('none'),
          z.strictObject({
            messages: z
              .number('expected a number')
              .int('expected a whole number')
              .min(1, 'expected at least 1'),
            per: duration({ least: 1000 }),
          }),
        ],
        'expected { messages, per }, such as { messages: 500, per: 1h }, or none',
      )
      .default({ messages: 500, per: 3_600_000 }),
    maxAttempts: z
      .number('expected a number')
      .int('expected a whole number')
      .min(1, 'expected at least 1')
      .max(100, 'expected at most 100')
      .default(8),
    onUnconfirmed: z
      .enum(['hold', 'resend-if-absent'], 'expected hold')
      .default('hold')
      .superRefine((value, context) => {
        if (value !== 'hold') context.addIssue(`${value} is not supported yet by this version; hold is`)
      }),
    purpose: later,
    requireSession: later,
    oncePer: later,
    onRepeat: later,
    cancelOn: later,
    quietHours: later,
    cap: later,
    onCap: later,
    activeConversation: later,
    onUndelivered: later,
  },
  'expected a block with on, template and channels',
)

export const Format = z.strictObject(
  {
    genesys: Genesys,
    sources: z.record(name, Source, 'expected the sources, each under its name'),
    routes: z.record(name, Route, 'expected the routes, each under its name'),
    suppressOn: later,
    retention: later,
    notify: later,
  },
  'expected genesys, sources and routes',
)

/** What stands between the lines `---` at the head of a template. */
export const FrontMatter = z.strictObject(
  { subject: text('the subject of an email').optional(), whatsapp: later },
  'expected settings such as subject:',
)

/** What the file says, checked: every default filled in, Liquid compiled, durations in milliseconds. */
export type Parsed = z.output<typeof Format>
