import { z } from 'zod'
import type { Operator } from '../../operator.ts'
import { missing } from '../actions/outcome.ts'
import { replanChosen, replanEvent } from '../actions/replan.ts'
import { maskEvent, maskWords } from '../mask.ts'
import { EventShape, eventJson } from '../shapes/event.ts'
import { MessageShape, messageJson } from '../shapes/message.ts'
import { TimelineShape, timelineJson } from '../shapes/moment.ts'
import { ReplannedShape } from '../shapes/replanned.ts'
import { Id, list } from '../shapes/values.ts'
import { wholeEvent } from '../whole.ts'
import {
  ById,
  CustomerNamed,
  cursorText,
  EventsWanted,
  filterOf,
  inOrder,
  PageInBody,
  PageInUrl,
  seesMore,
  someOf,
} from './asked.ts'
import { answer, type Context, operation } from './operation.ts'
import { pageOf } from './page.ts'

const EventPage = pageOf(EventShape).meta({ id: 'EventPage' })

const EventWhole = EventShape.extend({
  body: z.string().meta({ description: 'What came, as text; masked for who may not see it.' }),
  messages: list(MessageShape),
  timeline: TimelineShape,
}).meta({ id: 'EventWhole', description: 'An event with what it carries, its messages and its time line.' })

type Asked = z.output<typeof SearchBody>
const SearchBody = inOrder({ ...EventsWanted, ...CustomerNamed, ...PageInBody })

async function pageFor({ deps, operator }: Context, { limit, before, ...asked }: Asked) {
  const page = await deps.ledger.reads.eventPage(filterOf(asked), {
    limit,
    ...(before === undefined ? {} : { before }),
  })
  return answer({
    items: page.items.map((event) => maskEvent(eventJson(event), operator.role)),
    next: cursorText(page.next),
  })
}

export const events = [
  operation({
    id: 'listEvents',
    method: 'GET',
    path: '/events',
    summary: 'Events, newest first',
    action: 'read',
    also: ({ query }) => seesMore(query),
    query: inOrder({ ...EventsWanted, ...PageInUrl }),
    answer: EventPage,
    run: (context, { query }) => pageFor(context, query),
  }),
  operation({
    id: 'searchEvents',
    method: 'POST',
    path: '/events/search',
    summary: 'The same with the filter in the body, where it may name a customer',
    action: 'read',
    // Whether there is anything of somebody is what masks hide.
    also: ({ body }) => seesMore(body),
    body: SearchBody,
    answer: EventPage,
    run: (context, { body }) => pageFor(context, body),
  }),
  operation({
    id: 'getEvent',
    method: 'GET',
    path: '/events/{id}',
    summary: 'One event with what it carries, its messages and its time line',
    action: 'read',
    params: ById,
    answer: EventWhole,
    problems: [404],
    async run({ deps, operator: { role } }, { params: { id } }) {
      const whole = await wholeEvent(deps, id, role)
      if (!whole) return missing(`There is no event ${id}.`)
      const { event, messages, timeline } = whole
      return answer({
        ...eventJson(event),
        body: event.raw.toString('utf8'),
        messages: messages.map(messageJson),
        timeline: timelineJson(timeline),
      })
    },
  }),
  operation({
    id: 'replanEvent',
    method: 'POST',
    path: '/events/{id}/replan',
    summary: 'Plan an event again under the present configuration; adds the messages that are missing',
    action: 'event.replan',
    params: ById,
    answer: ReplannedShape,
    changes: 'many',
    problems: [404, 409],
    async run({ deps, operator }, { params }) {
      const done = await replanEvent(deps, byOf(operator), params)
      return done.kind === 'done' ? answer(masked(done.replanned, operator)) : done
    },
  }),
  operation({
    id: 'replanEvents',
    method: 'POST',
    path: '/events/replan',
    summary: 'Plan again what a filter selects, lowest first, 1,000 at a time',
    action: 'event.replan',
    body: z.strictObject({
      filter: someOf(EventsWanted),
      after: Id.meta({
        description: 'Only events with a greater id: the `next` of the call before.',
      }).exactOptional(),
    }),
    answer: z
      .strictObject({
        items: list(ReplannedShape),
        next: Id.nullable().meta({
          description: 'More are left: ask again with this as `after`. Null: none is.',
        }),
      })
      .meta({ id: 'ReplannedPage' }),
    changes: 'many',
    problems: [409],
    async run({ deps, operator }, { body }) {
      const done = await replanChosen(deps, byOf(operator), body)
      if (done.kind === 'refused') return done
      return answer({ items: done.outcomes.map((one) => masked(one, operator)), next: done.next })
    },
  }),
]

function byOf({ name }: Operator) {
  return { by: name }
}

function masked<One extends { reason: string | null }>(one: One, { role }: Operator): One {
  return { ...one, reason: maskWords(one.reason, role) }
}
