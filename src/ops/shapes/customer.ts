import { z } from 'zod'

/** Who an event is about, as the source names them. */
export const CustomerShape = z
  .strictObject({
    externalId: z.string().exactOptional(),
    email: z.string().exactOptional(),
    phone: z.string().exactOptional(),
    name: z.string().exactOptional(),
    locale: z.string().exactOptional(),
    timezone: z.string().exactOptional(),
    consent: z.string().exactOptional(),
  })
  .meta({ id: 'Customer', description: 'Who the event is about, as the source names them.' })
