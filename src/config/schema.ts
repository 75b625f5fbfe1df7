import { z } from 'zod'
import { CLI_SOURCE, SEND_ROUTE } from '../event.ts'
import { CHANNELS, IDENTIFIERS } from '../message.ts'
import { ALIASES, PRESET_NAMES, type PresetName } from '../receive/sources/presets.ts'
import { CustomBlock } from './custom.ts'
import { Notify } from './notify.ts'
import { quietHours } from './quiet-hours.ts'
import { DEFAULT_RETENTION, RetentionBlock } from './retention.ts'
import { sourceProblems } from './source.ts'
import {
  condition,
  country,
  distinct,
  duration,
  externalSource,
  field,
  mailbox,
  name,
  pattern,
  phoneNumber,
  publicUrl,
  share,
  text,
  wholeNumber,
} from './values.ts'

/** The format of postrider.yaml, made of `values.ts`. */

const integration = z.strictObject(
  { integrationId: text('the id of a messaging integration') },
  'expected { integrationId }',
)

/** One call in twenty. */
export const DEFAULT_DELIVERY_SHARE = 0.05

const Genesys = z.strictObject(
  {
    rateLimitPerMinute: wholeNumber('expected a number of calls a minute')
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
    sms: z.strictObject({ from: phoneNumber }, 'expected { from }').optional(),
    whatsapp: integration.optional(),
    open: integration.optional(),
    defaultCountry: country.optional(),
    deliveryShare: share.default(DEFAULT_DELIVERY_SHARE),
    onlyTo: z.array(text('an email address, a phone number or an externalId'), 'expected a list').default([]),
  },
  'expected the block that says how Genesys Cloud is used',
)

const DAY_MS = 24 * 3_600_000

/** What is said a day later is of no use to most. */
export const DEFAULT_EXPIRE_AFTER_MS = DAY_MS

const PRESET_WORDS = [...PRESET_NAMES, ...Object.keys(ALIASES)]

const Source = z
  .strictObject(
    {
      preset: z
        .enum(PRESET_WORDS, `expected one of ${PRESET_WORDS.join(', ')}`)
        .transform((word): PresetName => ALIASES[word] ?? (word as PresetName)),
      secrets: z.array(
        z.string('expected a secret, named as a variable of the environment'),
        'expected a list of secrets; [] waits for one',
      ),
      dedupeFor: duration().optional(),
      externalSource: externalSource.optional(),
      publicUrl: publicUrl.optional(),
      acceptTests: z.boolean('expected true or false').default(false),
      expectEvery: duration({ least: 60_000 }).optional(),
      custom: CustomBlock.optional(),
    },
    'expected a block with preset and secrets',
  )
  .superRefine(
    (source, context) => {
      for (const { path, message } of sourceProblems(source)) {
        context.addIssue({ code: 'custom', path: [...path], message })
      }
    },
    // Beside what is wrong with other keys: every problem is named at once.
    {
      when: ({ issues }) =>
        issues.every(({ code, path: [key] = [] }) =>
          key === undefined
            ? code === 'unrecognized_keys'
            : key !== 'preset' && key !== 'secrets' && key !== 'custom' && key !== 'dedupeFor',
        ),
    },
  )

const patterns = z.union(
  [pattern.transform((one) => [one]), z.array(pattern).min(1, 'expected at least one pattern')],
  'expected source/type, or a list of them',
)

const channel = z.enum(CHANNELS, `expected one of ${CHANNELS.join(', ')}`)

const Route = z.strictObject(
  {
    on: patterns,
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
    expireAfter: duration({ least: 1000 }).default(DEFAULT_EXPIRE_AFTER_MS),
    brake: z
      .union(
        [
          z.literal('none'),
          z.strictObject({
            messages: wholeNumber('expected a number').min(1, 'expected at least 1'),
            per: duration({ least: 1000 }),
          }),
        ],
        'expected { messages, per }, such as { messages: 500, per: 1h }, or none',
      )
      .default({ messages: 500, per: 3_600_000 }),
    maxAttempts: wholeNumber('expected a number')
      .min(1, 'expected at least 1')
      .max(100, 'expected at most 100')
      .default(8),
    onUnconfirmed: z.enum(['hold', 'resend-if-absent'], 'expected hold or resend-if-absent').default('hold'),
    requireSession: duration({ least: 60_000, most: 365 * DAY_MS }).optional(),
    activeConversation: z.enum(['wait', 'join'], 'expected wait or join').default('wait'),
    onUndelivered: z.enum(['none', 'next-channel'], 'expected none or next-channel').default('none'),
    purpose: z.enum(['service', 'marketing'], 'expected service or marketing').default('service'),
    oncePer: duration({ least: 1000 }).optional(),
    onRepeat: z.enum(['keep', 'replace'], 'expected keep or replace').default('keep'),
    cancelOn: z
      .array(
        z.strictObject(
          { on: patterns, match: field, equals: field.optional() },
          'expected { on, match, equals }',
        ),
        'expected a list of { on, match, equals }',
      )
      .default([]),
    quietHours: quietHours.default('none'),
    cap: z
      .strictObject(
        {
          messages: wholeNumber('expected a number').min(1, 'expected at least 1'),
          per: duration({ least: 1000, most: 366 * DAY_MS }),
          group: name.default('all'),
        },
        'expected { messages, per, group }, such as { messages: 3, per: 7d, group: all }',
      )
      .optional(),
    onCap: z.enum(['skip', 'defer'], 'expected skip or defer').default('skip'),
  },
  'expected a block with on, template and channels',
)

function nameBut(kept: string) {
  return name.refine((one) => one !== kept, `the name ${kept} is kept for what postrider send plans`)
}

export const Format = z.strictObject(
  {
    genesys: Genesys,
    sources: z.record(nameBut(CLI_SOURCE), Source, 'expected the sources, each under its name'),
    routes: z.record(nameBut(SEND_ROUTE), Route, 'expected the routes, each under its name'),
    suppressOn: z
      .array(
        z.strictObject(
          { on: patterns, channels: distinct(channel, 'a list of channels').optional() },
          'expected { on }',
        ),
        'expected a list of { on }, such as [{ on: "*/customer.consent_withdrawn" }]',
      )
      .default([]),
    retention: RetentionBlock.default(DEFAULT_RETENTION),
    notify: Notify.optional(),
  },
  'expected genesys, sources and routes',
)

/** What the file says, checked: every default filled in, Liquid compiled, durations in milliseconds. */
export type Parsed = z.output<typeof Format>
