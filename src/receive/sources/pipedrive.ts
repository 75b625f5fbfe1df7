import { z } from 'zod'
import type { TokenScheme } from '../signature/scheme.ts'
import { anything } from './lenient.ts'
import { dedupeFor, preset } from './preset.ts'
import { expected, isObject } from './problems.ts'
import { typeName } from './standard-webhooks.ts'

const BASIC = { kind: 'token', places: [{ in: 'basic' }] } as const satisfies TokenScheme

/** Ids are numbers in `data` and texts in `meta`. */
const id = z.union([z.string().min(1), z.number()], { error: expected('an id') })

/** The record after the change, or before it; null where there was none. What is no object holds nothing to read. */
const record = z
  .unknown()
  .transform((value) => (isObject(value) ? value : null))
  .optional()

const Body = z.object(
  {
    // In version 1 there is no `entity`, and `id` is the record's: read as an event's it would hide all later changes of the record.
    meta: z.object(
      { id, action: typeName, entity: typeName, entity_id: anything, timestamp: anything },
      { error: expected('an object with id, action and entity') },
    ),
    data: record,
    previous: record,
  },
  { error: expected('an object with meta and data') },
)

/**
 * Pipedrive, webhooks of version 2: the actions create, change and delete of its records, such as `change.deal`. A retry is the same event with another `meta.attempt`.
 *
 * Source: https://pipedrive.readme.io/docs/guide-for-webhooks-v2 and its migration guide.
 */
export const pipedrive = preset({
  title: 'Pipedrive',
  scheme: BASIC,
  // 3, 30 and 150 seconds.
  dedupe: dedupeFor(30, 1),
  // It knows changes of records, and none of these says one of our words: a deleted person may be a merged one.
  types: [],
  customer: {
    names: ['externalId', 'email', 'phone'],
    advice:
      "Events of persons have addresses; deals, leads and activities have the person's id alone: route them by webmessaging, with this source's own externalSource, whose external ids are those of Pipedrive's persons.",
  },
  shape: Body,
  read({ meta, data, previous }) {
    // Of what was deleted there is the last state alone.
    const now = data ?? previous ?? {}
    return {
      key: meta.id,
      type: `${meta.action}.${meta.entity}`,
      at: meta.timestamp,
      subject: meta.entity_id ?? now.id,
      customer: meta.entity === 'person' ? personIn(now) : { externalId: now.person_id },
    }
  },
  setup: {
    steps: [
      'Open Settings, Tools and apps, Webhooks, and create a webhook of version 2 with the URL as endpoint.',
      'Choose the event action and the event object that a route listens to, such as change and deal.',
      'Enter the user and the password of the secret as HTTP Auth username and password.',
      'Choose a user who may see all records: changes of others are not sent.',
    ],
    secret:
      'user:password of your own making, as it is entered in the webhook, the password with 8 characters or more.',
    body: null,
    test: 'There is no test button: change a record of your own, whose person has an address of yours.',
    retries:
      'Three, after 3, 30 and 150 seconds, where it gets no 2xx within 10 seconds. After ten events whose first try failed it sends nothing for 30 minutes.',
    on503: 'It tries again after 3, 30 and 150 seconds, whatever Retry-After says.',
    revive:
      'After 30 minutes it sends again by itself. After three days without a success it deletes the webhook: create it anew.',
    missed:
      'What happened meanwhile is lost: ask the API of Pipedrive for the records that changed since (updated_since).',
  },
})

function personIn(person: Record<string, unknown>) {
  return {
    externalId: person.id,
    email: primaryOf(person.emails),
    phone: primaryOf(person.phones),
    name: person.name,
  }
}

/** Of `[{ value, primary, label }]` the one that is primary, else the first. */
function primaryOf(list: unknown): unknown {
  const entries = Array.isArray(list) ? list.filter(isObject) : []
  return (entries.find(({ primary }) => primary === true) ?? entries[0])?.value
}
