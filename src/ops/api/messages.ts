import { z } from 'zod'
import { type ActedOn, cancelMessage, retryMessage, settleMessage } from '../actions/messages.ts'
import { missing } from '../actions/outcome.ts'
import { maskMessage } from '../mask.ts'
import { MessageWholeShape, messageWholeJson } from '../shapes/attempt.ts'
import { MessageShape, messageJson } from '../shapes/message.ts'
import { TimelineShape, timelineJson } from '../shapes/moment.ts'
import { wholeMessage } from '../whole.ts'
import {
  ById,
  CustomerNamed,
  cursorText,
  filterOf,
  inOrder,
  MessagesWanted,
  MessagesWantedInUrl,
  PageInBody,
  PageInUrl,
  Reason,
  seesMore,
} from './asked.ts'
import { answer, type Context, operation } from './operation.ts'
import { pageOf } from './page.ts'

const MessageTold = MessageWholeShape.extend({ timeline: TimelineShape }).meta({
  id: 'MessageTold',
  description: 'A message with what its route said, its attempts and its time line.',
})
const MessagePage = pageOf(MessageShape).meta({ id: 'MessagePage' })
const SearchBody = inOrder({ ...MessagesWanted, ...CustomerNamed, ...PageInBody })

async function pageFor(
  { deps, operator }: Context,
  { limit, before, ...asked }: z.output<typeof SearchBody>,
) {
  const page = await deps.ledger.reads.messagePage(filterOf(asked), {
    limit,
    ...(before === undefined ? {} : { before }),
  })
  return answer({
    items: page.items.map((message) => maskMessage(messageJson(message), operator.role)),
    next: cursorText(page.next),
  })
}

function acted({ operator }: Context, outcome: ActedOn) {
  return outcome.kind === 'done' ? answer(maskMessage(messageJson(outcome.message), operator.role)) : outcome
}

export const messages = [
  operation({
    id: 'listMessages',
    method: 'GET',
    path: '/messages',
    summary: 'Messages, newest first',
    action: 'read',
    also: ({ query }) => seesMore(query),
    query: inOrder({ ...MessagesWantedInUrl, ...PageInUrl }),
    answer: MessagePage,
    run: (context, { query }) => pageFor(context, query),
  }),
  operation({
    id: 'searchMessages',
    method: 'POST',
    path: '/messages/search',
    summary: 'The same with the filter in the body, where it may name a customer',
    action: 'read',
    also: ({ body }) => seesMore(body),
    body: SearchBody,
    answer: MessagePage,
    run: (context, { body }) => pageFor(context, body),
  }),
  operation({
    id: 'getMessage',
    method: 'GET',
    path: '/messages/{id}',
    summary: 'One message with what its route said, its attempts and its time line',
    action: 'read',
    params: ById,
    answer: MessageTold,
    problems: [404],
    async run({ deps, operator: { role } }, { params: { id } }) {
      const whole = await wholeMessage(deps, id, role)
      if (!whole) return missing(`There is no message ${id}.`)
      const { message, attempts, timeline } = whole
      return answer({ ...messageWholeJson(message, attempts), timeline: timelineJson(timeline) })
    },
  }),
  operation({
    id: 'retryMessage',
    method: 'POST',
    path: '/messages/{id}/retry',
    summary: 'Re-trigger a message that failed, was skipped or cancelled, or is unconfirmed',
    action: 'message.retry',
    also: ({ body }) => (body.force ? ['message.force'] : []),
    params: ById,
    body: z.strictObject({
      force: z.boolean().default(false).meta({ description: 'Also where it was sent; needs a reason.' }),
      reason: Reason.exactOptional(),
    }),
    answer: MessageShape,
    changes: 'one',
    problems: [404, 409],
    async run(context, { params, body: { force, reason = null } }) {
      const { deps, operator } = context
      return acted(context, await retryMessage(deps, { by: operator.name }, { ...params, force, reason }))
    },
  }),
  operation({
    id: 'cancelMessage',
    method: 'POST',
    path: '/messages/{id}/cancel',
    summary: 'Cancel a message that is scheduled',
    action: 'message.cancel',
    params: ById,
    body: z.strictObject({ reason: Reason.exactOptional() }),
    answer: MessageShape,
    changes: 'one',
    problems: [404, 409],
    async run(context, { params, body: { reason = null } }) {
      const { deps, operator } = context
      return acted(context, await cancelMessage(deps, { by: operator.name }, { ...params, reason }))
    },
  }),
  operation({
    id: 'settleMessage',
    method: 'POST',
    path: '/messages/{id}/settle',
    summary: 'Say what became of a message that is unconfirmed',
    action: 'message.settle',
    params: ById,
    body: z.strictObject({
      as: z.enum(['sent', 'not-sent']).meta({ description: 'What Genesys Cloud shows.' }),
      reason: Reason.exactOptional(),
    }),
    answer: MessageShape,
    changes: 'one',
    problems: [404, 409],
    async run(context, { params, body: { as, reason = null } }) {
      const { deps, operator } = context
      return acted(context, await settleMessage(deps, { by: operator.name }, { ...params, as, reason }))
    },
  }),
]
