import { z } from 'zod'
import { SCHEMES } from '../signature/scheme.ts'
import { anything, maybe } from './lenient.ts'
import { dedupeFor, fullName, preset, textOf } from './preset.ts'
import { expected, problemsOf } from './problems.ts'
import { typeName } from './standard-webhooks.ts'

const person = { email: anything, phone: anything, name: anything, firstName: anything, lastName: anything }

const Body = z
  .object(
    {
      type: typeName,
      event: anything,
      messageId: anything,
      timestamp: anything,
      userId: anything,
      traits: maybe(person),
      context: maybe({ traits: maybe(person), locale: anything, timezone: anything }),
      properties: maybe({ order_id: anything, checkout_id: anything, cart_id: anything }),
    },
    { error: expected('an object with type') },
  )
  .superRefine(({ type, event }, context) => {
    const name = typeName.safeParse(event)
    if (type === 'track' && !name.success) {
      context.addIssue({
        code: 'custom',
        path: ['event'],
        message: problemsOf(name.error).replace('the body: ', ''),
      })
    }
  })
type Body = z.output<typeof Body>

/**
 * The calls of Segment's specification, one a delivery. What was tracked is named by its event, `track.Order Completed`. Anonymous ids are no ids of customers and are left out.
 *
 * Source: https://segment.com/docs/connections/spec/ecommerce/v2/ and https://segment.com/docs/connections/destinations/catalog/actions-webhook/
 */
export const segment = preset({
  ownIds: false,
  title: 'Segment',
  scheme: SCHEMES.segment,
  // It tries for 4 hours.
  dedupe: dedupeFor(30, 1),
  types: [
    { sender: 'track.Checkout Started', type: 'checkout.updated' },
    { sender: 'track.Order Completed', type: 'order.placed' },
    { sender: 'delete', type: 'customer.erased' },
  ],
  shape: Body,
  read(body) {
    const { type, event, messageId, timestamp, properties, userId, context } = body
    const { email, phone, name, firstName, lastName } = traitsOf(body)
    return {
      key: messageId,
      type: type === 'track' ? `track.${textOf(event)}` : type,
      at: timestamp,
      // The specification has the order's id on a checkout that began and on the order that it became; a checkout's only on the latter.
      subject: properties?.order_id ?? properties?.checkout_id ?? properties?.cart_id,
      customer: {
        externalId: userId,
        email,
        phone,
        name: textOf(name) ?? fullName(firstName, lastName),
        locale: context?.locale,
        timezone: context?.timezone,
      },
    }
  },
  setup: {
    steps: [
      'In Segment: Connections, Catalog, Webhooks (Actions): add the destination to the source that tracks your shop.',
      'Make a mapping with the method POST, the URL, and the whole event as data, for the events that routes listen to.',
      'Switch batching off in the mapping: the signature does not cover a batch, which would be refused.',
      'Track email and phone as traits, or have your website keep them in context.traits: most calls carry the user id alone.',
    ],
    secret: 'The shared secret of your own making that you enter under Settings, Advanced Settings.',
    body: null,
    test: 'An event that the tester sends is read like any other: give it an address of your own.',
    retries: 'Where the answer is 5xx, several times over 4 hours.',
    on503: 'It tries again, later each time.',
    revive: 'See that the destination and its mapping are enabled.',
    missed: 'Replays are made by Segment on request, on plans that have them.',
  },
})

/** Those of a group are not its member's. */
function traitsOf({ type, traits, context }: Body) {
  const kept = context?.traits ?? {}
  return type === 'identify' ? { ...kept, ...traits } : kept
}
