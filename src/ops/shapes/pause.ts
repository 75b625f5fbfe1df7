import { z } from 'zod'
import { type Pause, PROBED_PAUSES } from '../../message.ts'
import { Count, Id, isoTime, Time } from './values.ts'

/** What is paused: everything, or one route, source or channel by its name. */
export const Scope = z.enum(['all', 'route', 'source', 'channel']).meta({ id: 'PauseScope' })

export const PauseShape = z
  .strictObject({
    id: Id,
    scope: Scope,
    name: z.string().nullable(),
    code: z.enum(['operator', 'brake', 'rate-limited', ...PROBED_PAUSES]),
    reason: z.string(),
    since: Time,
    until: Time.nullable(),
    probes: Count,
    by: z.string(),
  })
  .meta({ id: 'Pause', description: 'A durable stop of all sending, a route, a source or a channel.' })
export type PauseJson = z.infer<typeof PauseShape>

export function pauseJson(pause: Pause): PauseJson {
  return { ...pause, since: isoTime(pause.since), until: isoTime(pause.until) }
}
