import { z } from 'zod'
import { SCHEMES } from '../signature/scheme.ts'
import { anything, maybe } from './lenient.ts'
import { dedupeFor, preset, textOf } from './preset.ts'
import { expected } from './problems.ts'
import { typeName } from './standard-webhooks.ts'

const Body = z.object(
  {
    id: z.string({ error: expected('an id') }).min(1, 'expected an id, got none'),
    type: typeName,
    created: anything,
    livemode: anything,
    data: maybe({
      object: maybe({
        object: anything,
        id: anything,
        mode: anything,
        recovered_from: anything,
        customer: anything,
        customer_email: anything,
        customer_details: maybe({ email: anything, phone: anything, name: anything }),
        consent: maybe({ promotions: anything }),
        locale: anything,
        email: anything,
        phone: anything,
        name: anything,
        preferred_locales: z.array(z.unknown()).nullish().catch(null),
      }),
    }),
  },
  { error: expected('an object with id and type') },
)
type Body = z.output<typeof Body>
type About = NonNullable<NonNullable<Body['data']>['object']>

/** Of a session that only saves a card for later, nothing is bought. */
const isPurchase = ({ data }: Body) => data?.object?.mode !== 'setup'

/**
 * A session of Stripe Checkout that expires is a cart that was left; one that continues it names it in `recovered_from`.
 *
 * Source: https://docs.stripe.com/payments/checkout/abandoned-carts and https://docs.stripe.com/api/checkout/sessions/object
 */
export const stripe = preset({
  title: 'Stripe',
  scheme: SCHEMES.stripe,
  // It tries for three days.
  dedupe: dedupeFor(30, 3),
  types: [
    {
      sender: 'checkout.session.expired',
      type: 'cart.abandoned',
      when: 'unless its mode is setup',
      holds: isPurchase,
    },
    {
      sender: 'checkout.session.completed',
      type: 'order.placed',
      when: 'unless its mode is setup',
      holds: isPurchase,
    },
  ],
  shape: Body,
  read({ id, type, created, livemode, data }) {
    const about = data?.object ?? {}
    return {
      key: id,
      type,
      at: created,
      subject: type === 'checkout.session.expired' ? about.id : (about.recovered_from ?? about.id),
      customer: about.object === 'customer' ? customerThatIs(about) : customerOf(about),
      isTest: livemode === false,
    }
  },
  setup: {
    steps: [
      'In the Dashboard: Workbench, Webhooks, add a destination for events of your account, of the kind webhook endpoint.',
      'Choose checkout.session.expired and checkout.session.completed, and enter the URL.',
      'For reminders with a link, make sessions with after_expiration.recovery.enabled, and ask for promotional consent with consent_collection.promotions.',
    ],
    secret:
      'The signing secret of this endpoint; it begins with whsec_. Each endpoint, each mode and the command line have one of their own.',
    body: null,
    test: 'Events of test mode and of sandboxes say livemode false: they are kept, and their messages are skipped.',
    retries: 'For up to three days, later each time; in a sandbox three times over a few hours.',
    on503: 'It tries again, later each time.',
    revive:
      'Enable the endpoint again on its page in Workbench. What happened while it was off is not sent by itself.',
    missed:
      'Resend single events from the page of the endpoint, or list those of the last 30 days by GET /v1/events with delivery_success=false.',
  },
})

function customerOf(about: Partial<About>) {
  const { customer, customer_details: details, customer_email, locale, consent } = about
  return {
    externalId: customer,
    email: textOf(details?.email) ?? customer_email,
    phone: details?.phone,
    name: details?.name,
    locale: locale === 'auto' ? null : locale,
    consent: CONSENT[textOf(consent?.promotions) ?? ''],
  }
}

function customerThatIs({ id, email, phone, name, preferred_locales }: Partial<About>) {
  return { externalId: id, email, phone, name, locale: preferred_locales?.[0] }
}

const CONSENT: Readonly<Record<string, 'yes' | 'no'>> = { opt_in: 'yes', opt_out: 'no' }
