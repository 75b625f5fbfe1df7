import { z } from 'zod'
import { previewExample } from '../actions/preview.ts'
import { sendTest } from '../actions/test-message.ts'
import { maskMessage } from '../mask.ts'
import { MessageShape, messageJson } from '../shapes/message.ts'
import { PreviewShape } from '../shapes/preview.ts'
import { Id } from '../shapes/values.ts'
import { ChannelIn, ChannelsIn, CustomerNamed, customerIn, Text } from './asked.ts'
import { answer, operation } from './operation.ts'

const Example = {
  route: Text,
  event: Id.meta({ description: 'An event of the ledger; or else a fixture.' }).exactOptional(),
  fixture: Text.meta({ description: 'A fixture by the name under which it is listed.' }).exactOptional(),
}

/** Exactly one of the two. */
function exampleIn({ event, fixture }: { event?: number; fixture?: string }) {
  if (event !== undefined && fixture === undefined) return { event }
  if (event === undefined && fixture !== undefined) return { fixture }
  return null
}

const WHICH = {
  kind: 'invalid',
  errors: [{ path: 'body', message: 'say for which: event or fixture' }],
} as const

/** What a route says, tried out. */
export const tryOut = [
  operation({
    id: 'preview',
    method: 'POST',
    path: '/preview',
    summary: 'What a route would say for an event or a fixture, and to whom; sends nothing',
    // It shows a text and an address, which masks would leave nothing of.
    action: 'read.unmasked',
    body: z.strictObject({ ...Example, locale: Text.exactOptional(), channel: ChannelIn.exactOptional() }),
    answer: PreviewShape,
    problems: [404, 409],
    async run({ deps }, { body: { route, locale, channel, ...which } }) {
      const of = exampleIn(which)
      if (of === null) return WHICH
      const preview = await previewExample(deps, { route, of, locale, channel })
      return preview.kind === 'shown' || preview.kind === 'not-planned' ? answer(preview) : preview
    },
  }),
  operation({
    id: 'sendTest',
    method: 'POST',
    path: '/test-message',
    summary: 'Send what a route says for an event or a fixture to a customer whom you name, such as yourself',
    action: 'message.test',
    body: z.strictObject({
      ...Example,
      to: z.strictObject(CustomerNamed),
      locale: Text.meta({ description: 'Instead of what the event says.' }).exactOptional(),
      channels: ChannelsIn.meta({ description: 'Instead of those of the route.' }).exactOptional(),
    }),
    answer: MessageShape,
    status: 202,
    changes: 'many',
    problems: [404, 409],
    async run({ deps, operator }, { body: { route, to, locale, channels, ...which } }) {
      const of = exampleIn(which)
      if (of === null) return WHICH
      const by = { by: operator.name }
      const done = await sendTest(deps, by, { route, of, to: customerIn(to) ?? {}, locale, channels })
      return done.kind === 'planned' ? answer(maskMessage(messageJson(done.message), operator.role)) : done
    },
  }),
]
