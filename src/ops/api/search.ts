import { z } from 'zod'
import { CLI_SOURCE } from '../../event.ts'
import { IDENTIFIERS } from '../../message.ts'
import { allows } from '../access/allows.ts'
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

const OF_CUSTOMERS: readonly string[] = IDENTIFIERS

export const search = [
  operation({
    id: 'search',
    method: 'POST',
    path: '/search',
    summary: 'What has this id: ours, the sender’s, Genesys’, or a customer’s; newest first, fifty at most',
    action: 'read',
    body: z.strictObject({ text: z.string().trim().min(1).max(200) }),
    answer: listOf(HitShape).meta({ id: 'HitList' }),
    async run({ deps, operator: { role } }, { body: { text } }) {
      const hits = await deps.ledger.reads.search(text)
      if (allows(role, 'read.unmasked')) return answer({ items: hits })
      // Whether there is anything of somebody is what masks hide. Of what `postrider send` planned the key has the customer in it.
      const byKey = hits.filter(({ by }) => by === 'event-key').map(({ id }) => id)
      const byHand = (await deps.ledger.reads.eventsById(byKey)).filter(({ source }) => source === CLI_SOURCE)
      const hidden = new Set(byHand.map(({ id }) => id))
      return answer({
        items: hits.filter(
          ({ id, by }) => !OF_CUSTOMERS.includes(by) && !(by === 'event-key' && hidden.has(id)),
        ),
      })
    },
  }),
]
