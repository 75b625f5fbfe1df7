import { z } from 'zod'
import type { TokenScheme } from '../signature/scheme.ts'
import { anything } from './lenient.ts'
import { ACK, isXml, parseNotification, splitNotifications } from './outbound-message.ts'
import { dedupeFor, fullName, type Preset, preset, textOf } from './preset.ts'
import { expected } from './problems.ts'
import { StandardBody, saidInStandard, typeName } from './standard-webhooks.ts'

/** Outbound messages have a URL and nothing else; callouts of a flow the headers of their credential. */
const TOKEN = {
  kind: 'token',
  places: [{ in: 'query', name: 'token' }, { in: 'header', name: 'x-postrider-token' }, { in: 'basic' }],
} as const satisfies TokenScheme

const SENDER = {
  title: 'Salesforce',
  scheme: TOKEN,
  // An outbound message stays in its queue for 24 hours.
  dedupe: dedupeFor(30, 2),
  setup: {
    steps: [
      'For an outbound message: in Setup open Outbound Messages, and create one for the object, with the URL as endpoint and the secret behind it: URL?token=SECRET.',
      'Choose the fields that routes and templates use, with Id and LastModifiedDate; of a case also Status, IsClosed, ContactId and ContactEmail or SuppliedEmail. Leave Send Session ID unticked.',
      'Let a record-triggered flow send it, with the entry condition that the case is closed, and only when the record is updated to meet it: without that every later change sends it again.',
      'For a callout of a flow instead: create a named credential with the URL that sends the secret in x-postrider-token or as Basic, and an HTTP Callout action that posts the body.',
    ],
    secret:
      'A token of your own making, 16 characters or more; in a URL of letters and digits. For Basic it is user:password.',
    body: `{
  "id": "what tells this event from another, such as the record's id and the time of its change",
  "type": "ticket.resolved",
  "timestamp": "the time of its change, ISO 8601",
  "data": {
    "ticket": { "id": "the case's Id", "subject": "its Subject" },
    "customer": { "id": "its ContactId", "email": "its ContactEmail", "name": "its contact's Name" }
  }
}`,
    test: 'There is no test button: change a record of your own.',
    retries:
      'An outbound message is sent again until it is acknowledged, at most two hours apart, for 24 hours. A callout is not sent again unless the flow does so.',
    on503:
      'An outbound message stays in its queue and comes again; a callout fails, and the flow takes its fault path.',
    revive: 'Nothing is turned off.',
    missed:
      'Outbound messages that are older than 24 hours are dropped: find the records by a report on what changed since, and change them again or write to the customers by postrider send.',
  },
} as const satisfies Pick<Preset, 'title' | 'scheme' | 'dedupe' | 'setup'>

const Notification = z.object(
  {
    notificationId: z.string({ error: expected('the text of Id') }).min(1, 'expected an id, got none'),
    // A record that was deleted meanwhile is not there.
    type: typeName,
    data: z.record(z.string(), z.string().nullable(), { error: expected('a record (sObject)') }),
  },
  { error: expected('a notification') },
)
type Notification = z.output<typeof Notification>

/** One notification of an outbound message: what routes and templates see is `{ organizationId, notificationId, type, data }`, see parseNotification. */
const message = preset({
  ...SENDER,
  parse: parseNotification,
  types: [
    {
      sender: 'Case',
      type: 'ticket.resolved',
      when: 'IsClosed is true or, where it is not among the fields, Status is Closed',
      // What organizations call their states differs; IsClosed is true for all that end a case.
      holds: ({ data }: Notification) => (data.IsClosed ?? String(data.Status === 'Closed')) === 'true',
    },
  ],
  shape: Notification,
  read: ({ notificationId, type, data }) => ({
    key: notificationId,
    type,
    at: data.LastModifiedDate ?? data.SystemModstamp,
    subject: data.Id,
    customer: PARTIES.includes(type) ? partyIn(data) : requesterIn(data),
  }),
})

const Callout = z.object(
  { ...StandardBody.shape, id: anything },
  { error: expected('an object with type and data') },
)

/** What a flow posts: the form that is ours, with the id that tells one event from another; without it the bytes do. */
const callout = preset({
  ...SENDER,
  types: [],
  shape: Callout,
  read: ({ id, ...body }) => saidInStandard(body, textOf(id)),
})

export const salesforce: Preset = {
  ...message,
  split: (body) => (isXml(body) ? splitNotifications(body) : { kind: 'parts', parts: [body] }),
  read: (part) => (isXml(part.raw) ? message : callout).read(part),
  accepted: ({ body, header }) =>
    isXml(body) || /\bxml\b/.test(header('content-type') ?? '')
      ? { contentType: 'text/xml; charset=utf-8', body: ACK }
      : null,
}

type Data = Notification['data']

const PARTIES: readonly string[] = ['Contact', 'Lead', 'Account']

function partyIn(data: Data) {
  return {
    externalId: data.Id,
    email: textOf(data.Email) ?? data.PersonEmail,
    phone: textOf(data.MobilePhone) ?? textOf(data.PersonMobilePhone) ?? data.Phone,
    name: textOf(data.Name) ?? fullName(data.FirstName, data.LastName),
    // Not opted out is what everybody is, and no consent.
    consent: data.HasOptedOutOfEmail === 'true' ? 'no' : null,
  }
}

/** Of a case: as who wrote in has said, or else as the contact has it. */
function requesterIn(data: Data) {
  return {
    externalId: data.ContactId,
    email: textOf(data.SuppliedEmail) ?? data.ContactEmail,
    phone: textOf(data.SuppliedPhone) ?? textOf(data.ContactMobile) ?? data.ContactPhone,
    name: data.SuppliedName,
  }
}
