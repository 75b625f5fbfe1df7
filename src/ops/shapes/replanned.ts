import { z } from 'zod'
import { EVENT_STATES } from '../../event.ts'
import { Count, Id } from './values.ts'

/** What planning an event again came to. Keys are relied on by people's scripts. */
export const ReplannedShape = z
  .strictObject({
    id: Id,
    state: z.enum(EVENT_STATES),
    added: Count.meta({ description: 'Messages that it did not have.' }),
    reason: z.string().nullable(),
  })
  .meta({ id: 'Replanned', description: 'What planning an event again came to.' })
