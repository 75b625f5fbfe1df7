import { z } from 'zod'
import { SCHEMES } from '../signature/scheme.ts'
import { anything, maybe } from './lenient.ts'
import { dedupeFor, preset, textOf } from './preset.ts'
import { expected } from './problems.ts'
import { typeName } from './standard-webhooks.ts'

/** A contact where it is written out; elsewhere there is its id alone. */
const person = {
  type: anything,
  id: anything,
  email: anything,
  phone: anything,
  name: anything,
  language_override: anything,
  unsubscribed_from_emails: anything,
}

const Body = z.object(
  {
    // A ping has null.
    id: anything,
    topic: typeName,
    created_at: anything,
    data: maybe({
      item: maybe({
        ...person,
        category: anything,
        is_shared: anything,
        contact: maybe(person),
        user: maybe(person),
        contacts: maybe({ contacts: z.array(maybe(person)).nullish().catch(null) }),
        source: maybe({ author: maybe(person) }),
      }),
    }),
  },
  { error: expected('an object with topic') },
)
type Item = Partial<NonNullable<NonNullable<z.output<typeof Body>['data']>['item']>>
type Person = Partial<NonNullable<Item['contact']>>

/** Teammates have tickets among themselves. Where it says neither, it is the customer's. */
const isOfCustomer = ({ data }: z.output<typeof Body>) => {
  const category = textOf(data?.item?.category)
  return (category === null || category.toLowerCase() === 'customer') && data?.item?.is_shared !== false
}

/**
 * Notifications of Intercom about tickets, conversations and contacts. A contact's externalId is the id that Intercom gave it, and never the one that a website did:
 * tickets know the former only. No topic says of a ticket that it was reopened.
 *
 * Source: https://developers.intercom.com/docs/references/webhooks/webhook-models
 */
export const intercom = preset({
  title: 'Intercom',
  scheme: SCHEMES.intercom,
  dedupe: dedupeFor(30, 1),
  types: [
    {
      sender: 'ticket.closed',
      type: 'ticket.resolved',
      when: 'it is a ticket of the customer, and no back-office or tracker ticket, and is shared with them',
      holds: isOfCustomer,
    },
    { sender: 'conversation.admin.closed', type: 'ticket.resolved' },
    { sender: 'conversation.admin.opened', type: 'ticket.reopened' },
    { sender: 'contact.unsubscribed', type: 'customer.consent_withdrawn' },
    { sender: 'contact.subscribed', type: 'customer.consent_given' },
  ],
  customer: {
    names: ['externalId', 'email', 'phone'],
    advice:
      "Tickets, and conversations that a teammate began, name the contact by Intercom's id alone: give the source its own externalSource, in which your contacts have the ids of Intercom's contacts.",
  },
  shape: Body,
  read({ id, topic, created_at, data }) {
    const item = data?.item ?? {}
    const contact = contactOf(item)
    return {
      key: id ?? [topic, item.id, created_at].map((part) => textOf(part) ?? '').join(':'),
      type: topic,
      at: created_at,
      subject: item.id ?? contact.id,
      customer: {
        externalId: contact.id,
        email: contact.email,
        phone: contact.phone,
        name: contact.name,
        locale: contact.language_override,
        consent: CONSENT[topic] ?? (contact.unsubscribed_from_emails === true ? 'no' : null),
      },
      isTest: topic === 'ping',
    }
  },
  setup: {
    steps: [
      'Open your app in the Developer Hub (Settings, Integrations), and there Configure, Webhooks.',
      'Enter the URL as endpoint.',
      'Choose the topics: ticket.closed for tickets, conversation.admin.closed and conversation.admin.opened for conversations, contact.unsubscribed for consent.',
    ],
    secret: 'The client secret of the app, under Basic information.',
    body: null,
    test: 'The test has the topic ping: it is kept as a test event and reaches nobody.',
    retries:
      'Once, about a minute later, as users tell; its documentation promises none. More than 1000 errors in a row within 15 minutes pause it for 15 minutes.',
    on503: 'The same as after any other error.',
    revive:
      'After more than seven days of errors the subscription of a private app is suspended: press Set live at the top right of the page Webhooks.',
    missed: 'It is not sent again: search tickets and conversations by updated_at in the API of Intercom.',
  },
})

const CONSENT: Readonly<Record<string, 'yes' | 'no'>> = {
  'contact.unsubscribed': 'no',
  'contact.subscribed': 'yes',
}

/** By the older names too. */
const CONTACTS = ['contact', 'user', 'lead']

/** Who the item is about: itself where it is a contact, the one that it carries, or of a conversation's contacts the first, with what is said of them as its author. */
function contactOf(item: Item): Person {
  const { contact, user, contacts, source } = item
  if (CONTACTS.includes(textOf(item.type) ?? '')) return item
  const first = contact ?? contacts?.contacts?.[0] ?? user ?? {}
  const author = source?.author ?? {}
  return textOf(author.id) !== null && textOf(author.id) === textOf(first.id)
    ? { ...author, ...first }
    : first
}
