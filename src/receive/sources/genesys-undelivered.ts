import { hash } from 'node:crypto'
import { z } from 'zod'
import type { ReadEvent, UnreadableEvent } from '../../event.ts'
import { verifyToken } from '../signature/token.ts'
import type { SignedRequest, Verdict } from '../signature/verdict.ts'
import { parseBody } from './json.ts'
import type { DeliveryMeta } from './preset.ts'
import { expected, isObject, kindOf, problemsOf } from './problems.ts'
import { instantOf } from './timestamp.ts'

/** The type of these events. */
export const UNDELIVERED = 'genesys.undelivered'

/**
 * Verifies what a workflow of Genesys Cloud posts about messages that a web messaging customer did not see: by a token, as its data actions can
 * set a header and cannot sign. There is no id in it, so the event's id is made of what it says.
 */
export function verifyGenesysUndelivered(request: SignedRequest): Verdict {
  const verdict = verifyToken(request)
  return verdict.kind === 'refused'
    ? verdict
    : { kind: 'authentic', id: keyOf(request.body), timestampMs: null }
}

/**
 * Reads the body of `v2.webmessaging.deployments.{id}.undelivered.messages`, as it is or as the `eventBody` of an envelope. A workflow may leave out all but the
 * conversation: triggers can hand on fields and leave out lists. What cannot be read says everything that is wrong and quotes nothing.
 *
 * Source: the topic's schema, as Genesys' notification topics have it.
 */
export function readGenesysUndelivered(raw: Buffer, meta: DeliveryMeta): ReadEvent | UnreadableEvent {
  const { source, key, receivedAt } = meta
  const told = toldIn(raw)
  if (told.kind === 'unreadable') return { source, key, receivedAt, raw, reason: told.reason }
  const { conversationId, genesysMessageIds, at } = told
  return {
    source,
    type: UNDELIVERED,
    key,
    // A clock that is ahead: nothing happened after it was received.
    occurredAt: Math.min(at ?? receivedAt, receivedAt),
    receivedAt,
    raw,
    payload: told.payload,
    undelivered: { conversationId, genesysMessageIds },
  }
}

type Told =
  | {
      kind: 'told'
      payload: unknown
      conversationId: string
      communicationId: string | null
      /** Sorted, each once. */
      genesysMessageIds: readonly string[]
      at: number | null
    }
  | { kind: 'unreadable'; reason: string }

function toldIn(raw: Buffer): Told {
  const body = parseBody(raw)
  if (body.kind === 'unreadable') return body
  const payload = body.value
  const shape = EventBody.safeParse(isObject(payload) && 'eventBody' in payload ? payload.eventBody : payload)
  if (!shape.success) return { kind: 'unreadable', reason: problemsOf(shape.error) }
  const { conversationId, communicationId, messages, eventTimeMs } = shape.data
  const ids = new Set((messages ?? []).map(({ id }) => id))
  return {
    kind: 'told',
    payload,
    conversationId,
    communicationId: communicationId ?? null,
    genesysMessageIds: [...ids].sort(),
    at: eventTimeMs ?? null,
  }
}

/** The same for the same news however it is written; of a body that cannot be read, its bytes. */
function keyOf(raw: Buffer): string {
  const told = toldIn(raw)
  const said =
    told.kind === 'unreadable'
      ? raw
      : JSON.stringify([told.conversationId, told.communicationId, told.genesysMessageIds, told.at])
  return hash('sha256', said, 'hex').slice(0, 32)
}

const id = z.string({ error: expected('an id') }).min(1, 'expected an id, got none')

const EventBody = z.object(
  {
    conversationId: id,
    communicationId: id.nullish(),
    messages: z
      .array(z.object({ id }, { error: expected('an object with id') }), { error: expected('a list') })
      .nullish(),
    eventTimeMs: z
      .unknown()
      .transform((value, context) => {
        if (value === undefined || value === null) return undefined
        // In a text where a workflow's template puts it between quotes.
        const at = instantOf(typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value)
        if (at === null)
          context.addIssue(`expected milliseconds since 1970, got ${kindOf(value)} that is none`)
        return at ?? undefined
      })
      .optional(),
  },
  { error: expected('an object with conversationId') },
)
