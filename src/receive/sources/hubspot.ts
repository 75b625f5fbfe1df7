import { z } from 'zod'
import { SCHEMES } from '../signature/scheme.ts'
import { anything } from './lenient.ts'
import { dedupeFor, preset, textOf } from './preset.ts'
import { expected } from './problems.ts'
import { splitJson } from './split.ts'
import { typeName } from './standard-webhooks.ts'

const Body = z.object(
  {
    subscriptionType: typeName,
    eventId: z.union([z.string().min(1), z.number()], { error: expected('an id') }),
    portalId: anything,
    objectId: anything,
    objectTypeId: anything,
    // Of an association, which has no objectId.
    fromObjectId: anything,
    toObjectId: anything,
    occurredAt: anything,
    propertyName: anything,
    propertyValue: anything,
  },
  { error: expected('an object with subscriptionType and eventId') },
)
type Body = z.output<typeof Body>

/** Subscriptions to `object.*` say by a number what the older ones have in their name. */
const isContact = ({ subscriptionType, objectTypeId }: Body) =>
  subscriptionType.startsWith('contact.') || objectTypeId === '0-1'
const isTicket = ({ subscriptionType, objectTypeId }: Body) =>
  subscriptionType.startsWith('ticket.') || objectTypeId === '0-5'

const became = ({ propertyName, propertyValue }: Body, name: string, value: string) =>
  propertyName === name && textOf(propertyValue) === value

/** The stage Closed of the pipeline that every account begins with; stages of other pipelines have ids of their own. */
const isClosed = (body: Body) => isTicket(body) && became(body, 'hs_pipeline_stage', '4')
const isOptOut = (body: Body) => isContact(body) && became(body, 'hs_email_optout', 'true')

const CLOSED = 'hs_pipeline_stage of a ticket becomes 4 (Closed in the pipeline that accounts begin with)'
const OPT_OUT = 'hs_email_optout of a contact becomes true'

/**
 * Subscriptions of an app of HubSpot, up to a hundred events in one delivery, each about a record that it names by its id. That a contact was deleted is no
 * erasure; HubSpot has an event of its own for that.
 *
 * Source: https://developers.hubspot.com/docs/api/webhooks
 */
export const hubspot = preset({
  title: 'HubSpot',
  scheme: SCHEMES['hubspot-v3'],
  // It tries for a day.
  dedupe: dedupeFor(30, 2),
  types: [
    { sender: 'ticket.propertyChange', type: 'ticket.resolved', when: CLOSED, holds: isClosed },
    { sender: 'object.propertyChange', type: 'ticket.resolved', when: CLOSED, holds: isClosed },
    { sender: 'contact.propertyChange', type: 'customer.consent_withdrawn', when: OPT_OUT, holds: isOptOut },
    { sender: 'object.propertyChange', type: 'customer.consent_withdrawn', when: OPT_OUT, holds: isOptOut },
    { sender: 'contact.privacyDeletion', type: 'customer.erased' },
  ],
  customer: {
    names: ['externalId'],
    advice:
      "HubSpot names a contact by its id alone, and tickets and deals name nobody: route contacts' events by webmessaging, with this source's own externalSource, whose external ids are those of HubSpot's contacts. Have a workflow of HubSpot write what happened to a ticket into a property of its contact.",
  },
  split: (body) => splitJson(body),
  shape: Body,
  read(body) {
    const { portalId, subscriptionType, objectId, fromObjectId, toObjectId, eventId, occurredAt } = body
    // An eventId is not unique, and a new try has another attemptNumber.
    const key = [portalId, subscriptionType, objectId, fromObjectId, toObjectId, eventId, occurredAt]
    return {
      key: key.flatMap((part) => textOf(part) ?? []).join(':'),
      type: subscriptionType,
      at: occurredAt,
      subject: objectId,
      customer: isContact(body) ? { externalId: objectId, consent: isOptOut(body) ? 'no' : null } : {},
    }
  },
  setup: {
    steps: [
      'Set publicUrl of this source to the address by which HubSpot calls it: the URL is signed too, and behind a proxy it cannot be told otherwise.',
      'Open your private app (Development, Legacy Apps; in older accounts Settings, Integrations, Private Apps), its tab Webhooks, and edit the webhooks.',
      'Enter the URL as target URL.',
      'Create subscriptions: the object type, the event, and for Property changed the properties that routes ask for.',
    ],
    secret: 'The client secret of the app, on its tab Auth; not its access token.',
    body: null,
    test: 'Nothing marks a test: the event that the test of a subscription sends is read like any other.',
    retries: 'Up to ten over 24 hours, after any 4xx or 5xx and after 5 seconds without an answer.',
    on503: 'It tries again, later each time.',
    revive: 'See in the tab Webhooks that the subscriptions are active.',
    missed:
      'After the last try an event is not sent again: search the records by the time of their last change in the API of HubSpot.',
  },
})
