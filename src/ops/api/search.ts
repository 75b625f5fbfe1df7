import { z } from 'zod'
import { IDENTIFIERS } from '../../message.ts'
import { searchFor } from '../search.ts'
import { Id } from '../shapes/values.ts'
import { answer, operation } from './operation.ts'
import { listOf } from './page.ts'

const HitShape = z
  .strictObject({
    kind: z.enum(['event', 'message']),
    id: Id,
    by: z.enum(['number', 'event-key', 'conversation', 'correlation', 'genesys-message', ...IDENTIFIERS]),
  })
  .meta({ id: 'Hit', description: 'What was found, and by which of its ids.' })

export const search = [
  operation({
    id: 'search',
    method: 'POST',
    path: '/search',
    summary: 'What has this id: ours, the sender’s, Genesys’, or a customer’s; newest first, fifty at most',
    action: 'read',
    body: z.strictObject({ text: z.string().trim().min(1).max(600) }),
    answer: listOf(HitShape).meta({ id: 'HitList' }),
    async run({ deps, operator: { role } }, { body: { text } }) {
      return answer({ items: await searchFor(deps.ledger, text, role) })
    },
  }),
]
