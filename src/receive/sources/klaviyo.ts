import { z } from 'zod'
import { SCHEMES } from '../signature/scheme.ts'
import { anything, maybe } from './lenient.ts'
import { dedupeFor, preset } from './preset.ts'
import { expected } from './problems.ts'
import { splitJson } from './split.ts'
import { typeName } from './standard-webhooks.ts'

const Body = z.object(
  {
    topic: typeName,
    external_id: anything,
    payload: maybe({
      data: maybe({
        attributes: maybe({ timestamp: anything, event_properties: maybe({ email_address: anything }) }),
        relationships: maybe({ profile: maybe({ data: maybe({ id: anything }) }) }),
      }),
    }),
  },
  { error: expected('an object with topic') },
)

/**
 * A system webhook of Klaviyo: up to a thousand events in one delivery, each about a profile that it names by its id. Those of email consent say the address too.
 * That a marketer suppressed somebody, or that a mail was marked as spam, is no consent withdrawn: both keep their own type.
 *
 * Source: https://developers.klaviyo.com/en/docs/working_with_system_webhooks
 */
export const klaviyo = preset({
  title: 'Klaviyo',
  scheme: SCHEMES.klaviyo,
  // How long it tries is not documented; two days are told of.
  dedupe: dedupeFor(30, 3),
  types: [
    { sender: 'event:klaviyo.unsubscribed_from_email_marketing', type: 'customer.consent_withdrawn' },
    { sender: 'event:klaviyo.unsubscribed_from_sms_marketing', type: 'customer.consent_withdrawn' },
    { sender: 'event:klaviyo.subscribed_to_email_marketing', type: 'customer.consent_given' },
    { sender: 'event:klaviyo.subscribed_to_sms_marketing', type: 'customer.consent_given' },
  ],
  customer: {
    names: ['externalId', 'email'],
    advice:
      'Klaviyo names a profile by its id; only events of email consent say the address: give the source its own externalSource, in which your contacts have the ids of their profiles.',
  },
  split: (body) => splitJson(body, ['data']),
  shape: Body,
  read({ topic, external_id, payload }) {
    const { attributes, relationships } = payload?.data ?? {}
    const profile = relationships?.profile?.data?.id
    return {
      key: external_id,
      type: topic,
      at: attributes?.timestamp,
      subject: profile,
      customer: { externalId: profile, email: attributes?.event_properties?.email_address },
    }
  },
  setup: {
    steps: [
      'System webhooks need an account with Advanced KDP, or an app of a Klaviyo partner.',
      'Make a webhook with the URL, a secret key of your own making and the topics that routes listen to: in Klaviyo, or by POST to /api/webhooks of the API. GET /api/webhook-topics lists the topics of the account.',
      'A webhook step of a flow is not signed, and not this: read it by the preset custom.',
    ],
    secret: 'The secret key that was given when the webhook was made, 16 characters or more.',
    body: null,
    test: 'Nothing marks a test: an event that Klaviyo sends is read like any other.',
    retries: 'It tries again, later each time; how long is not documented.',
    on503: 'It tries again, later each time.',
    revive:
      'A webhook that fails for long is disabled: enable it again, in Klaviyo or by PATCH to /api/webhooks/{id}.',
    missed: 'It is not sent again: GET /api/events lists what happened.',
  },
})
