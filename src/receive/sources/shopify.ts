import { z } from 'zod'
import { SCHEMES } from '../signature/scheme.ts'
import { anything, maybe } from './lenient.ts'
import { dedupeFor, fullName, preset, type Rule, textOf } from './preset.ts'
import { expected } from './problems.ts'
import { instantOf } from './timestamp.ts'
import { typedBy } from './topic.ts'

const TOPIC = 'x-shopify-topic'
const TRIGGERED_AT = 'x-shopify-triggered-at'
const TEST = 'x-shopify-test'

const person = { email: anything, phone: anything, first_name: anything, last_name: anything }
const Consent = maybe({ state: anything, consent_updated_at: anything })

const Body = z.object(
  {
    ...person,
    id: anything,
    admin_graphql_api_id: anything,
    token: anything,
    checkout_token: anything,
    cart_token: anything,
    completed_at: anything,
    updated_at: anything,
    customer_id: anything,
    email_address: anything,
    customer_locale: anything,
    buyer_accepts_marketing: anything,
    test: anything,
    customer: maybe({ ...person, id: anything, admin_graphql_api_id: anything }),
    email_marketing_consent: Consent,
    sms_marketing_consent: Consent,
  },
  { error: expected('an object') },
)
type Body = z.output<typeof Body>

const isOpen = ({ completed_at }: Body) => completed_at === null || completed_at === undefined
const isWithdrawn = (body: Body) => ['unsubscribed', 'redacted'].includes(consentStateIn(body))
const isGiven = (body: Body) => consentStateIn(body) === 'subscribed'

const types: Rule<Body>[] = [
  ...['checkouts/create', 'checkouts/update'].map((sender) => ({
    sender,
    type: 'checkout.updated',
    when: 'while completed_at is null',
    holds: isOpen,
  })),
  { sender: 'orders/create', type: 'order.placed' },
  ...['customers_email_marketing_consent/update', 'customers_marketing_consent/update'].flatMap((sender) => [
    {
      sender,
      type: 'customer.consent_withdrawn',
      when: 'the state is unsubscribed or redacted',
      holds: isWithdrawn,
    },
    { sender, type: 'customer.consent_given', when: 'the state is subscribed', holds: isGiven },
  ]),
  { sender: 'customers/redact', type: 'customer.erased' },
]

/**
 * Shopify has no event for a cart that was left: every change of a checkout is one, and an order ends it. Its signature covers the body alone; topic, id and time stand
 * in headers.
 *
 * Source: https://shopify.dev/docs/api/webhooks and https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
 */
export const shopify = typedBy(
  TOPIC,
  preset({
    title: 'Shopify',
    scheme: SCHEMES.shopify,
    // It tries for 4 hours.
    dedupe: dedupeFor(30, 1),
    headers: [TOPIC, TRIGGERED_AT, TEST],
    keyIsUnsigned: true,
    types,
    shape: Body,
    read(body, { header, id }) {
      const type = header(TOPIC) ?? ''
      const { customer } = body
      const changedAt = (body.email_marketing_consent ?? body.sms_marketing_consent)?.consent_updated_at
      return {
        // Headers of ids are not kept: an event that is read again has the key that it got.
        key: header('x-shopify-webhook-id') ?? id,
        type,
        at: [body.updated_at, changedAt, header(TRIGGERED_AT)].find((at) => instantOf(at) !== null),
        subject: subjectOf(type, body),
        customer: {
          externalId: customerIdIn(type, body),
          email: textOf(body.email) ?? textOf(body.email_address) ?? customer?.email,
          phone: textOf(body.phone) ?? customer?.phone,
          name:
            fullName(customer?.first_name, customer?.last_name) ?? fullName(body.first_name, body.last_name),
          locale: body.customer_locale,
          consent: consentIn(body),
        },
        isTest: header(TEST) === 'true' || body.test === true,
      }
    },
    setup: {
      steps: [
        'In the admin of the shop: Settings, Notifications, Webhooks, Create webhook.',
        'Make one for each of Checkout creation, Checkout update and Order creation, in the format JSON, with the URL and the newest API version that is no preview.',
        'Topics that this list does not have (customers_email_marketing_consent/update, customers/redact) are subscribed by an app, with the same URL.',
      ],
      secret:
        'The key that the page of webhooks shows: all that are made there are signed with it. Those of an app are signed with its client secret: name both.',
      body: null,
      test: 'The test notification is marked as a test: it is kept, and its messages are skipped. Orders of a test payment are marked as well.',
      retries:
        '8 times over 4 hours, each with the body of the first try. An answer is waited for 5 seconds.',
      on503: 'It tries again, later each time.',
      revive:
        'A subscription that failed 8 times in a row may be deleted: see whether it is still there, and make it again.',
      missed: 'Shopify does not send it again: read the checkouts and orders of that time by its Admin API.',
    },
  }),
)

/** A checkout and the order that it becomes have the checkout's token. Orders that came without a checkout are about themselves. */
function subjectOf(topic: string, body: Body): unknown {
  const { token, checkout_token, cart_token, admin_graphql_api_id: gid, id } = body
  const names = topic.startsWith('orders/') ? [checkout_token, cart_token, gid, id] : [token, gid, id]
  return names.find((name) => textOf(name) !== null)
}

/** The number of the customer, wherever the topic has it. In topics of customers the body's own id is theirs. */
function customerIdIn(topic: string, { customer, customer_id, id }: Body): string | null {
  const gid = textOf(customer?.admin_graphql_api_id) ?? ''
  return (
    textOf(customer?.id) ??
    /^gid:\/\/shopify\/Customer\/(\d+)$/.exec(gid)?.[1] ??
    textOf(customer_id) ??
    (topic.startsWith('customers') ? textOf(id) : null)
  )
}

function consentStateIn(body: Body): string {
  return textOf((body.email_marketing_consent ?? body.sms_marketing_consent)?.state) ?? ''
}

function consentIn(body: Body): 'yes' | 'no' | null {
  if (typeof body.buyer_accepts_marketing === 'boolean') return body.buyer_accepts_marketing ? 'yes' : 'no'
  if (isGiven(body)) return 'yes'
  return isWithdrawn(body) ? 'no' : null
}
