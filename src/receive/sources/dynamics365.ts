import { z } from 'zod'
import type { TokenScheme } from '../signature/scheme.ts'
import { attributesIn, dateIn, stateIn } from './dynamics365-context.ts'
import { dedupeFor, fullName, keyOfBytes, preset, textOf } from './preset.ts'
import { expected } from './problems.ts'
import { typeName } from './standard-webhooks.ts'

/** The authentication WebhookKey of a step's web hook sends `?code=`; HttpHeader a header of one's own. */
const TOKEN = {
  kind: 'token',
  places: [
    { in: 'query', name: 'code' },
    { in: 'header', name: 'x-postrider-token' },
  ],
} as const satisfies TokenScheme

const Context = z.looseObject(
  { MessageName: typeName, PrimaryEntityName: typeName },
  { error: expected('an object with MessageName and PrimaryEntityName') },
)
type Context = z.output<typeof Context>

/** Steps that run synchronously have no operation of their own. */
const NO_ID = '00000000-0000-0000-0000-000000000000'

/** Of a case; 2 is canceled. */
const ACTIVE = 0
const RESOLVED = 1

/**
 * Dynamics 365 and other apps on Dataverse: the execution context of a step, such as `Update.incident`. Routes and templates see it as it is, and beside it `data`: the record's
 * attributes by name, of the step's post images and over them those that were changed; choices and amounts are their values, references their ids, times ISO 8601.
 *
 * Past 256 KB Dataverse leaves parameters and images out: an event all the same, whose `data` is empty.
 *
 * Source: https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
 */
export const dynamics365 = preset({
  title: 'Dynamics 365 (Dataverse)',
  scheme: TOKEN,
  // One more try, soon.
  dedupe: dedupeFor(30, 1),
  types: [
    {
      sender: 'Update.incident',
      type: 'ticket.resolved',
      when: 'statecode becomes 1 (resolved)',
      holds: (body: Context) => stateIn(body).now === RESOLVED && stateIn(body).before !== RESOLVED,
    },
    {
      sender: 'Update.incident',
      type: 'ticket.reopened',
      when: 'statecode becomes 0 (active), and by the pre image of the step it was another',
      // An update may set what is so already.
      holds: (body: Context) => {
        const { now, before } = stateIn(body)
        return now === ACTIVE && before !== null && before !== ACTIVE
      },
    },
  ],
  customer: {
    names: ['externalId', 'email', 'phone'],
    advice:
      "An update holds the attributes that were changed, and a case its customer's id alone: register a post image with customerid on the step, and set this source's own externalSource, whose external ids are those of the contacts and accounts.",
  },
  shape: Context,
  read(body, { raw }) {
    const { MessageName, PrimaryEntityName, PrimaryEntityId, OperationCreatedOn } = body
    const data = attributesIn(body)
    return {
      key: keyIn(body, keyOfBytes(raw)),
      type: `${MessageName}.${PrimaryEntityName}`,
      at: dateIn(OperationCreatedOn),
      subject: PrimaryEntityId,
      customer: PrimaryEntityName === 'incident' ? { externalId: data.customerid } : partyIn(body, data),
      payload: () => ({ ...body, data }),
    }
  },
  setup: {
    steps: [
      'In the Plug-in Registration tool choose Register New Web Hook: the URL as endpoint URL, the authentication WebhookKey, and the secret as its value.',
      'Register a step on the web hook: for resolved cases the message Update, the primary entity incident, the filtering attribute statecode, the stage PostOperation, asynchronous.',
      'Register a post image on the step with customerid and what templates use, and for reopened cases a pre image with statecode.',
      'Resolve a case of your own, and look at it with postrider events list: its type is ticket.resolved.',
    ],
    secret:
      'A key of your own making, 16 characters or more, which Dataverse sends as the query parameter code.',
    body: null,
    test: 'There is no test button: change a record of your own.',
    retries:
      'One more try, where it gets 502, 503 or 504; none for other failures, or where there is no answer within 60 seconds.',
    on503:
      'It tries once more. Then the system job of an asynchronous step fails; a synchronous step fails with what the user did.',
    revive: 'The step stays as it is.',
    missed:
      'The failed system jobs of the step say of which records: query them as the page on registering a web hook says.',
  },
})

/** A system job has an operation, the same whenever it tries; else the change and the step are what there is, and `content`: one transaction may change a record twice. */
function keyIn(
  { OperationId, CorrelationId, MessageName, PrimaryEntityId, Stage }: Context,
  content: string,
): string | null {
  const operation = textOf(OperationId)
  if (operation !== null && operation !== NO_ID) return operation
  const correlation = textOf(CorrelationId)
  if (correlation === null) return null
  return [correlation, MessageName, textOf(PrimaryEntityId) ?? '', textOf(Stage) ?? '', content].join(':')
}

/** Contacts, leads and accounts are called the same. */
const PARTIES: readonly unknown[] = ['contact', 'lead', 'account']

function partyIn({ PrimaryEntityName, PrimaryEntityId }: Context, data: Record<string, unknown>) {
  if (!PARTIES.includes(PrimaryEntityName)) return {}
  return {
    externalId: PrimaryEntityId,
    email: data.emailaddress1,
    phone: textOf(data.mobilephone) ?? data.telephone1,
    name: fullName(data.firstname, data.lastname) ?? textOf(data.fullname) ?? data.name,
    // The other value is the one that everybody has, and no consent.
    consent: data.donotbulkemail === true ? 'no' : null,
  }
}
