import { SCHEMES } from '../signature/scheme.ts'
import { readCustom, type Said, splitAsConfigured } from './custom.ts'
import { dedupeFor, type Part, type Preset, textOf } from './preset.ts'
import { isObject } from './problems.ts'

const EVENT = 'x-github-event'

/**
 * GitHub, and senders that sign as it does: the body in `X-Hub-Signature-256`. What they call their events and where they say it differs, so a source's block `custom`
 * may name other places; `headers["x-event-key"]` is one. Ids and types in headers are not signed.
 *
 * Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads, "Delivery headers".
 */
export const githubStyle: Preset = {
  title: 'GitHub and senders that sign like it',
  scheme: SCHEMES['github-style'],
  custom: 'reading',
  // A delivery is sent again only by hand, for as long as it is listed: three days, and seven on GitHub Enterprise Server.
  dedupe: dedupeFor(30, 7),
  headers: [EVENT],
  keyIsUnsigned: true,
  types: [],
  customer: { names: ['externalId', 'email', 'phone'], advice: null },
  ownIds: false,
  split: splitAsConfigured,
  read: (part) => readCustom(part, (payload) => known(payload, part)),
  setup: {
    steps: [
      'In the repository or the organization open Settings, Webhooks, Add webhook, and enter the URL as payload URL.',
      'Choose the content type application/json and enter the secret.',
      'Choose the events that routes listen to.',
      'Say in the block custom of the source where its events name the customer, such as externalId: "{{ payload.issue.user.login }}".',
      'For another sender that signs like this, say in the block custom of the source where its type and its key stand.',
    ],
    secret: 'The secret of the webhook, of your own making.',
    body: null,
    test: 'GitHub sends a ping when the webhook is added: it is recorded as a test.',
    retries: 'GitHub does not try again by itself, and waits 10 seconds for an answer.',
    on503: 'The delivery counts as failed.',
    revive: 'The webhook stays active.',
    missed:
      'Redeliver what failed from the recent deliveries of the webhook, or by the REST API: GitHub lists those of three days.',
  },
}

function known(payload: unknown, { header, id }: Part): Said {
  const event = textOf(header(EVENT))
  const action = isObject(payload) ? textOf(payload.action) : null
  return {
    // Of the event that is read again, whose headers of ids are not kept.
    key: textOf(header('x-github-delivery')) ?? id,
    senderType: event === null ? undefined : action === null ? event : `${event}.${action}`,
    isTest: event === 'ping',
  }
}
