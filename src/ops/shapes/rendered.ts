import { z } from 'zod'
import { CHANNELS } from '../../message.ts'
import { list } from './values.ts'

export const ChannelName = z.enum(CHANNELS).meta({ id: 'Channel' })

const Parameter = z.strictObject({ id: z.string(), value: z.string() }).meta({ id: 'ResponseParameter' })

export const ResponseShape = z
  .strictObject({ responseId: z.string(), header: list(Parameter), body: list(Parameter) })
  .meta({
    id: 'Response',
    description: 'What whatsapp takes instead of a text: a canned response of Genesys and its parameters.',
  })

/** A text ready for its channel. */
export const RenderedShape = z
  .strictObject({
    channel: ChannelName,
    text: z.string(),
    subject: z.string().exactOptional(),
    html: z.string().exactOptional(),
    whatsapp: ResponseShape.exactOptional(),
    templateVersion: z.string(),
  })
  .meta({ id: 'Rendered', description: 'A text ready for its channel.' })
