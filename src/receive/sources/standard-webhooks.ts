import { z } from 'zod'
import { SCHEMES } from '../signature/scheme.ts'
import { dedupeFor, preset, type Said } from './preset.ts'
import { expected, isObject, kindOf } from './problems.ts'
import { instantOf } from './timestamp.ts'

/** Types are names, `ticket.resolved`; the longest of known senders have some 60 characters. */
const LONGEST_TYPE = 200
const TYPE = `text of at most ${LONGEST_TYPE} characters`
const TIME = 'an ISO 8601 time, or seconds or milliseconds since 1970'

export const typeName = z
  .string({ error: expected(TYPE) })
  .min(1, `expected ${TYPE}, got none`)
  .refine((type) => type.length <= LONGEST_TYPE, {
    error: ({ input }) => `expected ${TYPE}, got ${String(input).length}`,
  })

/** Where a body says a time, it must be one. Null where it says none. */
const instant = z
  .unknown()
  .transform((value, context) => {
    if (value === undefined || value === null) return null
    const at = instantOf(value)
    if (at === null) context.addIssue(`expected ${TIME}, got ${kindOf(value)} that is none`)
    return at
  })
  .optional()

/**
 * The form that is ours to give: `{ type, timestamp?, data }`, of Standard Webhooks. Senders that let one write the body are given it to paste.
 *
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, "Payload structure".
 */
export const StandardBody = z.object(
  { type: typeName, timestamp: instant, data: z.custom<object>(isObject, { error: expected('an object') }) },
  { error: expected('an object with type and data') },
)
export type StandardBody = z.output<typeof StandardBody>

/** What a body of that form says. The customer is `data.customer: { id, email, phone, name, locale, timezone, consent }`. */
export function saidInStandard(
  { type, timestamp, data }: StandardBody,
  key: string | null,
): Said<StandardBody> {
  const { id, ...customer } = recordIn(data, 'customer')
  return {
    key,
    type,
    at: timestamp,
    subject: subjectOf(type, data),
    customer: { ...customer, externalId: id },
  }
}

/** The id of what the type names, `data.ticket.id` for `ticket.resolved`. An order is about the cart that it was, so that it can end a reminder of it. */
function subjectOf(type: string, data: object): unknown {
  const [noun = ''] = type.split('.')
  const nouns = noun === 'order' ? ['checkout', 'cart', 'order'] : [noun]
  return nouns.map((one) => recordIn(data, one).id).find((id) => id !== undefined && id !== null)
}

function recordIn(data: object, key: string): Record<string, unknown> {
  const value: unknown = Object.hasOwn(data, key) ? Reflect.get(data, key) : undefined
  return isObject(value) ? value : {}
}

export const standardWebhooks = preset({
  ownIds: false,
  title: 'Standard Webhooks',
  scheme: SCHEMES['standard-webhooks'],
  // Svix tries for 28 hours.
  dedupe: dedupeFor(30, 2),
  types: [],
  shape: StandardBody,
  read: (body, { id }) => saidInStandard(body, id),
  setup: {
    steps: [
      'Add an endpoint with the URL in what sends your webhooks: a CRM that signs by Standard Webhooks, or your own code with one of its libraries.',
      'Choose the types of events that routes listen to.',
    ],
    secret: 'The signing secret of the endpoint; it begins with whsec_.',
    body: null,
    test: 'An example that is sent is read like an event: give its customer an address of your own.',
    retries: 'The specification advises several tries over days; Svix tries 8 times over 28 hours.',
    on503: 'It tries again, later each time.',
    revive: 'Svix turns an endpoint off after five days of failures: enable it on the page of the endpoint.',
    missed:
      'Svix replays what failed since a time from the page of the endpoint; other senders have their own way.',
  },
})
