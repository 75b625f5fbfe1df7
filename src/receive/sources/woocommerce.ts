import { z } from 'zod'
import { SCHEMES } from '../signature/scheme.ts'
import { anything, maybe } from './lenient.ts'
import { dedupeFor, fullName, preset, type Rule, textOf } from './preset.ts'
import { expected } from './problems.ts'
import { instantOf } from './timestamp.ts'
import { typedBy } from './topic.ts'

const TOPIC = 'x-wc-webhook-topic'

const person = { email: anything, phone: anything, first_name: anything, last_name: anything }

const Body = z.object(
  {
    ...person,
    id: anything,
    status: anything,
    created_via: anything,
    date_created_gmt: anything,
    date_modified_gmt: anything,
    date_paid_gmt: anything,
    date_completed_gmt: anything,
    customer_id: anything,
    billing: maybe(person),
  },
  { error: expected('an object') },
)
type Body = z.output<typeof Body>

const DAY_MS = 24 * 3_600_000
const MINUTE_MS = 60_000

const isCheckout = ({ status, created_via }: Body) =>
  (status === 'pending' || status === 'checkout-draft') &&
  ['', 'checkout', 'store-api'].includes(textOf(created_via) ?? '')
const isPlaced = ({ status }: Body) => status === 'processing' || status === 'on-hold'

/** Later changes of an order that was placed are somebody's edits, or its way to the customer. */
const isNewlyPlaced = (body: Body) => {
  const { date_created_gmt: created, date_paid_gmt: paid, date_modified_gmt: changed } = body
  return isPlaced(body) && (within(DAY_MS, created, changed) || within(DAY_MS, paid, changed))
}

/** Where it does not say when it was created, it is new. */
const isOfToday = ({ date_created_gmt: created, date_modified_gmt: changed }: Body) =>
  instantOf(created) === null || instantOf(changed) === null || within(DAY_MS, created, changed)

/** What needs no shipping is completed by its payment. */
const isCompletedByPayment = ({ status, ...body }: Body) =>
  status === 'completed' &&
  within(DAY_MS, body.date_created_gmt, body.date_modified_gmt) &&
  within(MINUTE_MS, body.date_paid_gmt, body.date_completed_gmt)

function within(ms: number, from: unknown, to: unknown): boolean {
  const [begin, end] = [instantOf(from), instantOf(to)]
  return begin !== null && end !== null && end - begin <= ms
}

const types: Rule<Body>[] = [
  {
    sender: 'order.created',
    type: 'order.placed',
    when: 'the status is processing, on-hold or completed, and it is not a day old: what is imported was placed long ago',
    holds: (body) => (isPlaced(body) || body.status === 'completed') && isOfToday(body),
  },
  {
    sender: 'order.updated',
    type: 'order.placed',
    when: 'within a day of being created or paid, the status is processing or on-hold, or completed in the minute of its payment; several changes of one order may be so: give routes once',
    holds: (body) => isNewlyPlaced(body) || isCompletedByPayment(body),
  },
  ...['order.created', 'order.updated'].map((sender) => ({
    sender,
    type: 'checkout.updated',
    when: 'the status is pending or checkout-draft, and the order was made in the checkout',
    holds: isCheckout,
  })),
]

/**
 * WooCommerce has no carts in its webhooks: an order that is not paid yet is its checkout. The body is written when it is sent, not when something happened, so that an order may be
 * `processing` already in its `order.created`. Its delivery id is made of the current second, and two events may share one.
 *
 * Source: plugins/woocommerce/includes/class-wc-webhook.php of https://github.com/woocommerce/woocommerce
 */
export const woocommerce = typedBy(
  TOPIC,
  preset({
    title: 'WooCommerce',
    scheme: SCHEMES.woocommerce,
    // It tries once.
    dedupe: dedupeFor(30, 1),
    headers: [TOPIC],
    keyIsUnsigned: true,
    types,
    shape: Body,
    read(body, { header }) {
      const type = header(TOPIC) ?? ''
      const { id, billing, customer_id, date_modified_gmt, status } = body
      const key = [type, id, date_modified_gmt, status].flatMap((part) => textOf(part) ?? [])
      return {
        key: textOf(id) === null ? null : key.join(':'),
        type,
        at: date_modified_gmt,
        subject: id,
        customer: {
          // Guests are 0.
          externalId: type.startsWith('customer.') ? id : textOf(customer_id) === '0' ? null : customer_id,
          email: textOf(body.email) ?? billing?.email,
          phone: textOf(body.phone) ?? billing?.phone,
          name:
            fullName(body.first_name, body.last_name) ?? fullName(billing?.first_name, billing?.last_name),
        },
      }
    },
    isPing: ({ body, header }) =>
      header('x-wc-webhook-signature') === null &&
      body.length <= LONGEST_PING &&
      /^webhook_id=\d+$/.test(body.toString('latin1')),
    setup: {
      steps: [
        'In WordPress: WooCommerce, Settings, Advanced, Webhooks, Add webhook.',
        'Make one with the topic Order created and one with Order updated: status Active, the URL as delivery URL, the same secret, and the newest API version.',
        'Both bodies are written when they are sent and may be the same: the second one is then kept and not planned, which is right.',
      ],
      secret: 'A text of your own making, 16 characters or more, which you enter as Secret of each webhook.',
      body: null,
      test: 'Saving an active webhook posts a ping without a signature: it is answered 200, and nothing is kept.',
      retries: 'None. An answer is waited for 60 seconds.',
      on503: 'The event is not sent again.',
      revive:
        'After more than 5 failures in a row the webhook is disabled: set its status to Active again, and save.',
      missed: 'Save the order again, which sends order.updated, or read the orders by the REST API.',
    },
  }),
)

/** `webhook_id=` and a number of the database. */
const LONGEST_PING = 40
