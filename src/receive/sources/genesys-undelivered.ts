import { z } from 'zod'
import type { TokenScheme } from '../signature/scheme.ts'
import { dedupeFor, keyOfBytes, preset } from './preset.ts'
import { expected, isObject, kindOf } from './problems.ts'
import { instantOf } from './timestamp.ts'

/** The type of these events. */
export const UNDELIVERED = 'genesys.undelivered'

/** Data actions of Genesys Cloud can set a header and cannot sign. */
export const TOKEN_IN_HEADER = {
  kind: 'token',
  places: [{ in: 'header', name: 'x-postrider-token' }, { in: 'bearer' }],
} as const satisfies TokenScheme

const id = z.string({ error: expected('an id') }).min(1, 'expected an id, got none')

const News = z.object(
  {
    conversationId: id,
    communicationId: id.nullish(),
    messages: z
      .array(z.object({ id }, { error: expected('an object with id') }), { error: expected('a list') })
      .nullish(),
    eventTimeMs: z
      .unknown()
      .transform((value, context) => {
        if (value === undefined || value === null) return null
        // In a text where a workflow's template puts it between quotes.
        const at = instantOf(typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value)
        if (at === null)
          context.addIssue(`expected milliseconds since 1970, got ${kindOf(value)} that is none`)
        return at
      })
      .optional(),
  },
  { error: expected('an object with conversationId') },
)

/**
 * What a workflow of Genesys Cloud posts about messages that a web messaging customer did not see: the body of
 * `v2.webmessaging.deployments.{id}.undelivered.messages`, as it is or as the `eventBody` of an envelope. A workflow may leave out all but the conversation: triggers can hand on fields
 * and leave out lists. There is no id in it, so the event's is made of what it says: the same for the same news however it is written.
 *
 * Source: the topic's schema, as Genesys' notification topics have it.
 */
export const genesysUndelivered = preset({
  ownIds: false,
  title: 'Genesys Cloud',
  scheme: TOKEN_IN_HEADER,
  dedupe: dedupeFor(30, 2),
  types: [],
  customer: { names: [], advice: null },
  shape: z.preprocess((body) => (isObject(body) && 'eventBody' in body ? body.eventBody : body), News),
  read({ conversationId, communicationId, messages, eventTimeMs }) {
    const genesysMessageIds = [...new Set((messages ?? []).map(({ id }) => id))].sort()
    const at = eventTimeMs ?? null
    return {
      key: keyOfBytes(
        Buffer.from(JSON.stringify([conversationId, communicationId ?? null, genesysMessageIds, at])),
      ),
      type: UNDELIVERED,
      at,
      undelivered: { conversationId, genesysMessageIds },
    }
  },
  setup: {
    steps: [
      'Build the workflow and its trigger as docs/genesys-undelivered.md says, with the URL in its data action.',
    ],
    secret:
      'A token of your own making, 16 characters or more, which the data action sends in x-postrider-token.',
    body: null,
    test: 'The test of the data action is answered 200 and kept; it marks nothing where no message has its conversation.',
    retries: 'None that is documented; the workflow may be given its own.',
    on503: 'The data action fails, and the workflow goes its failure path.',
    revive: 'Nothing gives up: each news starts the workflow anew.',
    missed: 'postrider messages show tells what Genesys Cloud itself says of a message.',
  },
})
