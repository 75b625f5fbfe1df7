import { z } from 'zod'
import type { Moment } from '../timeline.ts'
import { isoTime, list, Time } from './values.ts'

/** One line of a time line. */
export const MomentShape = z
  .strictObject({
    at: Time.nullable().meta({ description: 'Null: it holds now.' }),
    text: z.string(),
    until: Time.nullable(),
    tone: z.enum(['plain', 'good', 'wait', 'bad']),
  })
  .meta({ id: 'Moment', description: 'One line of what became of a message or an event, in words.' })
export type MomentJson = z.infer<typeof MomentShape>

export const TimelineShape = list(MomentShape)

export function timelineJson(moments: readonly Moment[]): MomentJson[] {
  return moments.map((moment) => ({ ...moment, at: isoTime(moment.at), until: isoTime(moment.until) }))
}
