import { z } from 'zod'
import type { TokenScheme } from '../signature/scheme.ts'
import { either } from './either.ts'
import { anything } from './lenient.ts'
import { dedupeFor, preset, type Said } from './preset.ts'
import { expected, isObject, kindOf } from './problems.ts'
import { StandardBody, saidInStandard } from './standard-webhooks.ts'

const TOKEN = {
  kind: 'token',
  places: [{ in: 'header', name: 'x-postrider-token' }, { in: 'basic' }],
} as const satisfies TokenScheme

/** What changed, which looks like JSON and is none: `{status:{from:2,to:4}}`, `{ticket_action:created}`. */
const CHANGE = /^\{(\w{1,100}):(?:\{from:([^{},]{0,100}),to:([^{},]{0,100})\}|[^{}]{0,100})\}$/
const CHANGE_WORDS = 'what changed, such as {status:{from:2,to:4}}'

const TicketChange = z.object({
  freshdesk_webhook: z.object(
    {
      triggered_event: z.string({ error: expected(CHANGE_WORDS) }).transform((text, context) => {
        const [whole, what = '', from = '', to = ''] = CHANGE.exec(text) ?? []
        if (whole !== undefined) return { what, from: from.trim(), to: to.trim() }
        context.addIssue(`expected ${CHANGE_WORDS}, got ${kindOf(text)} of another form`)
        return z.NEVER
      }),
      ticket_id: anything,
      requester_name: anything,
      requester_email: anything,
    },
    { error: expected('an object with triggered_event') },
  ),
})
type Body = z.output<typeof TicketChange> | StandardBody

/** 4 is resolved and 5 is closed; 2 is open, 3 pending, and from 6 on they are the account's own. */
const DONE = ['4', '5']

function statusOf(body: Body): { wasDone: boolean; isDone: boolean } | null {
  if (!('freshdesk_webhook' in body)) return null
  const { from, to } = body.freshdesk_webhook.triggered_event
  return from === '' || to === '' ? null : { wasDone: DONE.includes(from), isDone: DONE.includes(to) }
}

/**
 * The webhook of an automation rule of Freshdesk, in the form that is given to paste, or in its own, whose type is the field that changed. Neither has an id or a time
 * that can be relied on, so that the same bytes are the same event.
 *
 * Source: https://support.freshdesk.com/support/solutions/articles/132589-using-webhooks-in-automation-rules
 */
export const freshdesk = preset({
  title: 'Freshdesk',
  scheme: TOKEN,
  // It tries for an hour and 35 minutes. No longer than that needs: a ticket that is resolved a second time is told in the same bytes, and within this time it is lost.
  dedupe: dedupeFor(1, 1),
  types: [
    {
      sender: 'status',
      type: 'ticket.resolved',
      when: 'the status becomes 4 (resolved) or 5 (closed) and was neither',
      holds: (body) => statusOf(body)?.isDone === true && statusOf(body)?.wasDone === false,
    },
    {
      sender: 'status',
      type: 'ticket.reopened',
      when: 'the status was 4 (resolved) or 5 (closed) and becomes another',
      holds: (body) => statusOf(body)?.isDone === false && statusOf(body)?.wasDone === true,
    },
  ],
  customer: { names: ['email', 'phone'], advice: null },
  shape: either((body) => isObject(body) && 'freshdesk_webhook' in body, TicketChange, StandardBody),
  read(body, { id }) {
    if ('data' in body) {
      const said: Omit<Said<Body>, 'payload'> = saidInStandard(body, id)
      return said
    }
    const { triggered_event, ticket_id, requester_name, requester_email } = body.freshdesk_webhook
    return {
      key: id,
      type: triggered_event.what,
      subject: ticket_id,
      customer: { email: requester_email, name: requester_name },
    }
  },
  setup: {
    steps: [
      'Under Admin, Automations, Ticket Updates, make a rule for the event that the status changed to Resolved.',
      'As its action choose Trigger Webhook: the request type POST, the URL, and a custom header x-postrider-token with the secret.',
      'Choose the encoding JSON and the content Advanced, and paste the body.',
      'For a message that a reopened ticket ends, make a second rule, for a status that changed from Resolved, with the type ticket.reopened.',
    ],
    secret:
      'A token of your own making, 16 characters or more. Where the rule cannot set a header: user:password, entered as its authentication.',
    body: `{
  "type": "ticket.resolved",
  "data": {
    "ticket": { "id": "{{ticket.id}}", "tags": "{{ticket.tags}}" },
    "customer": {
      "email": "{{ticket.contact.email}}",
      "phone": "{{ticket.contact.mobile}}",
      "name": "{{ticket.contact.name}}"
    }
  }
}`,
    test: 'There is no mark of a test: resolve a ticket of your own, whose contact has an address of yours.',
    retries:
      'Three: 5 minutes later, 30 minutes after that, and an hour after that. Then the administrators are told by email.',
    on503: 'It tries again in the same steps.',
    revive: 'Nothing is turned off: the next change of a ticket is sent.',
    missed:
      'It is not sent again: list the tickets that were updated since in Freshdesk. The same body within a day counts as another try: a ticket that is resolved, reopened and resolved again on one day is told once.',
  },
})
