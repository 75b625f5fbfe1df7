import { z } from 'zod'
import { pauseSending, resumePause } from '../actions/pauses.ts'
import { maskReason } from '../mask.ts'
import { PauseShape, pauseJson } from '../shapes/pause.ts'
import { ById, Duration, Reason, Text } from './asked.ts'
import { answer, operation } from './operation.ts'
import { listOf } from './page.ts'

const Target = z.discriminatedUnion('scope', [
  z.strictObject({ scope: z.literal('all'), reason: Reason, for: Duration.exactOptional() }),
  z.strictObject({
    scope: z.enum(['route', 'source', 'channel']),
    name: Text,
    reason: Reason,
    for: Duration.meta({
      description: 'Ends by itself, such as 2h; without it an operator resumes.',
    }).exactOptional(),
  }),
])

export const pauses = [
  operation({
    id: 'listPauses',
    method: 'GET',
    path: '/pauses',
    summary: 'What is paused, oldest first',
    action: 'read',
    answer: listOf(PauseShape).meta({ id: 'PauseList' }),
    async run({ deps, operator }) {
      const standing = await deps.ledger.pauses()
      return answer({ items: standing.map((pause) => maskReason(pauseJson(pause), operator.role)) })
    },
  }),
  operation({
    id: 'pause',
    method: 'POST',
    path: '/pauses',
    summary: 'Stop all sending, or a route, a source or a channel; receiving goes on',
    action: 'pause',
    body: Target,
    answer: PauseShape,
    status: 201,
    changes: 'one',
    problems: [404],
    async run({ deps, operator }, { body }) {
      const name = body.scope === 'all' ? null : body.name
      const { scope, reason, for: forMs = null } = body
      const done = await pauseSending(deps, { by: operator.name }, { scope, name, reason, forMs })
      return done.kind === 'paused' ? answer(maskReason(pauseJson(done.pause), operator.role)) : done
    },
  }),
  operation({
    id: 'resume',
    method: 'POST',
    path: '/pauses/{id}/resume',
    summary: 'End a pause, an operator’s or Postrider’s own',
    action: 'resume',
    params: ById,
    answer: PauseShape,
    changes: 'one',
    problems: [404],
    async run({ deps, operator }, { params }) {
      const done = await resumePause(deps, { by: operator.name }, params)
      return done.kind === 'resumed' ? answer(maskReason(pauseJson(done.pause), operator.role)) : done
    },
  }),
]
