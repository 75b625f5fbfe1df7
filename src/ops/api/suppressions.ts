import { z } from 'zod'
import type { SuppressionPlace } from '../../ledger/reads.ts'
import { IDENTIFIERS } from '../../message.ts'
import type { Missing } from '../actions/outcome.ts'
import { allowCustomer, suppressCustomer } from '../actions/suppress.ts'
import { namesMeant, namingIn } from '../actions/whom.ts'
import { maskReason } from '../mask.ts'
import { ChannelName } from '../shapes/rendered.ts'
import {
  SuppressionShape,
  suppressionJson,
  suppressionPlaceIn,
  suppressionPlaceText,
} from '../shapes/suppression.ts'
import { Count, list } from '../shapes/values.ts'
import { ChannelIn, ChannelsIn, CustomerNamed, customerIn, NewestInUrl, Reason, Text } from './asked.ts'
import { type ApiDeps, answer, type Invalid, operation } from './operation.ts'
import { pageOf } from './page.ts'

const Place = z
  .string()
  .max(128)
  .meta({ description: 'Where the page before ended: its `next`.' })
  .transform((text, context): SuppressionPlace => {
    const place = suppressionPlaceIn(text)
    if (place !== null) return place
    context.addIssue('expected the next of the page before')
    return z.NEVER
  })

const Whom = {
  ...CustomerNamed,
  source: Text.meta({
    description: 'Whose externalId it is; without it one of genesys.externalSource.',
  }).exactOptional(),
}

type Asked = { externalId?: string; email?: string; phone?: string; source?: string }

/** Who is meant; what is wrong with it says where and quotes nothing. */
function namesIn(
  asked: Asked,
  { config }: ApiDeps,
  asWritten: boolean,
): { kind: 'names'; names: readonly string[] } | Missing | Invalid {
  const found = namingIn(config, asked.source)
  if (found.kind === 'missing') return found
  const meant = namesMeant(customerIn(asked) ?? {}, found.naming, asWritten)
  if (meant.kind === 'named') return { kind: 'names', names: meant.names }
  const faults = meant.faults.length > 0 ? meant.faults : ['say whom: externalId, email or phone']
  return { kind: 'invalid', errors: faults.map((message) => ({ path: 'body', message })) }
}

export const suppressions = [
  operation({
    id: 'listSuppressions',
    method: 'GET',
    path: '/suppressions',
    summary: 'Who must not be written to, newest first; by hashes, which name nobody',
    action: 'read',
    query: z.strictObject({ ...NewestInUrl, before: Place.exactOptional() }),
    answer: pageOf(SuppressionShape).meta({ id: 'SuppressionPage' }),
    async run({ deps, operator }, { query }) {
      const { items, next } = await deps.ledger.reads.suppressionPage(query)
      return answer({
        items: items.map((one) => maskReason(suppressionJson(one), operator.role)),
        next: suppressionPlaceText(next),
      })
    },
  }),
  operation({
    id: 'checkSuppression',
    method: 'POST',
    path: '/suppressions/check',
    summary: 'Whether one customer is suppressed, and why; changes nothing',
    action: 'read.unmasked',
    body: z.strictObject(Whom),
    answer: z
      .strictObject({ suppressed: z.boolean(), items: list(SuppressionShape) })
      .meta({ id: 'SuppressionCheck' }),
    problems: [404],
    async run({ deps }, { body }) {
      const meant = namesIn(body, deps, true)
      if (meant.kind !== 'names') return meant
      const found = await deps.ledger.reads.suppressed(meant.names)
      return answer({ suppressed: found.length > 0, items: found.map(suppressionJson) })
    },
  }),
  operation({
    id: 'suppress',
    method: 'POST',
    path: '/suppressions',
    summary: 'Nothing is sent to this customer any more, whatever route it is',
    action: 'suppress',
    body: z.strictObject({
      ...Whom,
      channels: ChannelsIn.meta({ description: 'Only over these; without it over all.' }).exactOptional(),
      reason: Reason,
    }),
    answer: z
      .strictObject({
        added: Count,
        kinds: list(z.enum(IDENTIFIERS)),
        channels: list(ChannelName).nullable(),
        reason: z.string(),
        by: z.string(),
      })
      .meta({
        id: 'Suppressed',
        description: 'How many names are suppressed that were not, and of which kinds.',
      }),
    changes: 'one',
    problems: [404],
    async run({ deps, operator }, { body }) {
      const meant = namesIn(body, deps, false)
      if (meant.kind !== 'names') return meant
      const { channels = null, reason } = body
      const done = await suppressCustomer(
        deps,
        { by: operator.name },
        { names: meant.names, channels, reason },
      )
      return answer({ ...done, kinds: IDENTIFIERS.filter((name) => done.kinds.includes(name)) })
    },
  }),
  operation({
    id: 'allow',
    method: 'POST',
    path: '/suppressions/allow',
    summary: 'This customer may be written to again',
    action: 'allow',
    body: z.strictObject({
      ...Whom,
      channel: ChannelIn.meta({
        description: 'Only what was said of this one; without it of all.',
      }).exactOptional(),
    }),
    answer: z.strictObject({ removed: Count, left: list(SuppressionShape) }).meta({
      id: 'Allowed',
      description: 'How many were removed, and what still stands of the same names.',
    }),
    changes: 'many',
    problems: [404],
    async run({ deps, operator }, { body }) {
      const meant = namesIn(body, deps, true)
      if (meant.kind !== 'names') return meant
      const { channel = null } = body
      const done = await allowCustomer(deps, { by: operator.name }, { names: meant.names, channel })
      return done.kind === 'allowed'
        ? answer({ removed: done.removed, left: done.left.map(suppressionJson) })
        : done
    },
  }),
]
