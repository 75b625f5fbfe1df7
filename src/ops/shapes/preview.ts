import { z } from 'zod'
import { MESSAGE_STATES } from '../../message.ts'
import { CustomerShape } from './customer.ts'
import { ChannelName, ResponseShape } from './rendered.ts'
import { list } from './values.ts'

const Shown = z
  .strictObject({
    kind: z.literal('shown'),
    customer: CustomerShape,
    notes: list(z.string()).meta({
      description: 'What would keep it from being sent so, or makes it another than the route’s.',
    }),
    foreseen: z.strictObject({
      route: z.string(),
      state: z.enum(MESSAGE_STATES),
      code: z.string().nullable(),
      reason: z.string().nullable(),
      channel: ChannelName,
      text: z.string().nullable(),
    }),
    subject: z.string().nullable(),
    html: z.string().nullable(),
    whatsapp: ResponseShape.nullable(),
    templateVersion: z.string().nullable(),
  })
  .meta({ id: 'PreviewShown' })

const NotPlanned = z
  .strictObject({ kind: z.literal('not-planned'), reason: z.string() })
  .meta({ id: 'PreviewNotPlanned' })

/** What a route would say. Keys are relied on by people's scripts. */
export const PreviewShape = z
  .discriminatedUnion('kind', [Shown, NotPlanned])
  .meta({ id: 'Preview', description: 'What a route would say for an event, and to whom; or why nothing.' })
