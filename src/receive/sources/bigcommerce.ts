import { z } from 'zod'
import { SCHEMES } from '../signature/scheme.ts'
import { anything, maybe } from './lenient.ts'
import { dedupeFor, preset } from './preset.ts'
import { expected } from './problems.ts'
import { typeName } from './standard-webhooks.ts'

const Body = z.object(
  {
    scope: typeName,
    created_at: anything,
    data: maybe({ id: anything, cartId: anything, address: maybe({ customer_id: anything }) }),
  },
  { error: expected('an object with scope') },
)
type Body = z.output<typeof Body>

/**
 * BigCommerce says what happened to which id, and no more. A cart counts as abandoned after an hour without a change. A customer's record that is deleted is no wish to be forgotten, so
 * `store/customer/deleted` keeps its own type.
 *
 * Source: https://developer.bigcommerce.com/docs/integrations/webhooks/events
 */
export const bigcommerce = preset({
  title: 'BigCommerce',
  scheme: SCHEMES.bigcommerce,
  // It tries for 48 hours and some minutes.
  dedupe: dedupeFor(30, 3),
  types: [
    { sender: 'store/cart/abandoned', type: 'cart.abandoned' },
    { sender: 'store/cart/converted', type: 'order.placed' },
  ],
  customer: {
    names: ['externalId'],
    advice:
      'BigCommerce names a customer, by its id, in store/customer/* only: give the source its own externalSource. Events of carts and orders name nobody: have your own code read the cart by the API, and send what happened with the email by the preset standard-webhooks.',
  },
  shape: Body,
  read: ({ scope, created_at, data }, { id }) => ({
    key: id,
    type: scope,
    at: created_at,
    subject: data?.cartId ?? data?.id,
    customer: { externalId: customerIdIn(scope, data) },
  }),
  setup: {
    steps: [
      'In the control panel make a store-level API account, or take the one of your app: its token makes webhooks.',
      'For each of store/cart/abandoned, store/cart/converted and store/customer/created: POST to /v3/hooks of the API with the scope, the URL as destination, and is_active true. The URL must be HTTPS on port 443.',
    ],
    secret: 'The client secret of the API account that made the webhook.',
    body: null,
    test: 'There is no test button: change a customer or leave a cart for an hour. A new webhook begins within a minute.',
    retries: '11 times over 48 hours, each later than the one before.',
    on503:
      'It tries again. Where more than a tenth of its calls fail within two minutes, all of them wait three minutes.',
    revive:
      'After the last try the webhook is deactivated and a mail is sent: PUT is_active true to /v3/hooks/{id}.',
    missed: 'It is not sent again: read carts and orders of that time by the API.',
  },
})

/** In events of customers the id is theirs; in those of their addresses it is the address's. */
function customerIdIn(scope: string, data: Body['data']): unknown {
  if (scope.startsWith('store/customer/address/')) return data?.address?.customer_id
  return CUSTOMER_SCOPES.includes(scope) ? data?.id : null
}

const CUSTOMER_SCOPES = [
  'store/customer/created',
  'store/customer/updated',
  'store/customer/deleted',
  'store/customer/payment/instrument/default/updated',
]
