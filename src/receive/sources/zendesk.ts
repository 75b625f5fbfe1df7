import { z } from 'zod'
import { SCHEMES } from '../signature/scheme.ts'
import { either } from './either.ts'
import { anything, maybe } from './lenient.ts'
import { dedupeFor, preset, type Said, textOf } from './preset.ts'
import { expected, isObject } from './problems.ts'
import { StandardBody, saidInStandard, typeName } from './standard-webhooks.ts'

/** Of an invocation, whose tries all have the same. */
const INVOCATION = 'x-zendesk-webhook-invocation-id'
const STATUS_CHANGED = 'zen:event-type:ticket.status_changed'

const TicketEvent = z.object({
  id: z.union([z.string().min(1), z.number()], { error: expected('an id') }),
  type: typeName,
  time: anything,
  detail: maybe({ id: anything, requester_id: anything }),
  event: maybe({ current: anything, previous: anything }),
})
type Body = z.output<typeof TicketEvent> | StandardBody

const isTicketEvent = (body: unknown) =>
  isObject(body) && typeof body.type === 'string' && body.type.startsWith('zen:')

/** In upper case: samples have both. */
function statusIn(body: Body, which: 'current' | 'previous'): string {
  const change = 'event' in body ? body.event : null
  return (textOf(change?.[which]) ?? '').toUpperCase()
}

const DONE = ['SOLVED', 'CLOSED']
const AT_WORK = ['NEW', 'OPEN', 'PENDING', 'HOLD']

/**
 * Webhooks of Zendesk in both of its forms: subscribed to events, whose body is Zendesk's, and connected to a trigger, whose body is written by who makes it and is given in our form. A
 * ticket that is closed was solved before, some days ago: that is not said a second time.
 *
 * Source: https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/
 */
export const zendesk = preset({
  title: 'Zendesk',
  scheme: SCHEMES.zendesk,
  // It tries again within minutes.
  dedupe: dedupeFor(30, 1),
  keyIsUnsigned: true,
  types: [
    {
      sender: STATUS_CHANGED,
      type: 'ticket.resolved',
      when: 'the new status is SOLVED',
      holds: (body) => statusIn(body, 'current') === 'SOLVED',
    },
    {
      sender: STATUS_CHANGED,
      type: 'ticket.reopened',
      when: 'the status was SOLVED or CLOSED and is NEW, OPEN, PENDING or HOLD',
      holds: (body) =>
        DONE.includes(statusIn(body, 'previous')) && AT_WORK.includes(statusIn(body, 'current')),
    },
  ],
  customer: {
    names: ['externalId', 'email', 'phone'],
    advice:
      "A webhook that is subscribed to events names the requester by Zendesk's id alone: connect it to a trigger instead, with the body that postrider sources show gives, or route it by webmessaging with this source's own externalSource, whose external ids are those of Zendesk's users.",
  },
  shape: either(isTicketEvent, TicketEvent, StandardBody),
  read(body, { id, header }) {
    if ('data' in body) {
      const said: Omit<Said<Body>, 'payload'> = saidInStandard(body, header(INVOCATION) ?? id)
      return said
    }
    return {
      key: body.id,
      type: body.type,
      at: body.time,
      subject: body.detail?.id,
      customer: { externalId: body.detail?.requester_id },
    }
  },
  setup: {
    steps: [
      'In Admin Center: Apps and integrations, Webhooks, create a webhook with the connection method Trigger or automation, the URL as endpoint, the method POST and the format JSON.',
      'Under Objects and rules, Business rules, Triggers, add a trigger with the condition that the status changed to Solved and the action Notify active webhook, and paste the body.',
      'For a message that a reopened ticket ends, add a second trigger, for a status that changed from Solved, with the type ticket.reopened.',
      'A webhook with the connection method Zendesk events, subscribed to ticket status changes, is read too; its requester is an id without an address.',
    ],
    secret: 'The signing secret of this webhook: open it in Admin Center and reveal the secret.',
    body: `{
  "type": "ticket.resolved",
  "timestamp": "{{ticket.updated_at_with_timestamp}}",
  "data": {
    "ticket": { "id": "{{ticket.id}}", "tags": "{{ticket.tags}}" },
    "customer": {
      "id": "{{ticket.requester.id}}",
      "email": "{{ticket.requester.email}}",
      "phone": "{{ticket.requester.phone}}",
      "name": "{{ticket.requester.name}}",
      "locale": "{{ticket.requester.locale}}"
    }
  }
}`,
    test: 'A test before the webhook is created is signed with a secret that everybody knows, and is answered 401. A test of the webhook that is created is read like an event: give it an address of your own.',
    retries:
      'After 409, after 429 and 503 with a Retry-After of less than 60 seconds, and after 12 seconds without an answer; after nothing else.',
    on503: 'It tries again after the 30 seconds.',
    revive:
      'Where 70 % of its requests fail, Zendesk stops sending for a short while and goes on by itself. A webhook that somebody deactivated is activated again on its page.',
    missed:
      'Nothing is sent again: the activity of the webhook lists what failed, and the tickets are found by search, by status and day of update.',
  },
})
