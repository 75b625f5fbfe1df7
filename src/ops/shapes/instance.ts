import { z } from 'zod'
import type { Instance } from '../../ledger/instances.ts'
import { isoTime, Time } from './values.ts'

export const InstanceShape = z
  .strictObject({
    id: z.string(),
    host: z.string(),
    pid: z.int().min(0),
    configVersion: z.string(),
    startedAt: Time,
    seenAt: Time,
  })
  .meta({
    id: 'Instance',
    description: 'One process that receives and delivers, and was at work a moment ago.',
  })
export type InstanceJson = z.infer<typeof InstanceShape>

export function instanceJson(instance: Instance): InstanceJson {
  return { ...instance, startedAt: isoTime(instance.startedAt), seenAt: isoTime(instance.seenAt) }
}
