import { z } from 'zod'
import { RUN_STATES, type Run, type RunReport } from '../../ledger/run.ts'
import { MessageState } from './message.ts'
import { Scope } from './pause.ts'
import { IdentifierShape } from './policies.ts'
import { Count, Id, isoTime, list, Time } from './values.ts'

const RunFilterShape = z
  .strictObject({
    state: MessageState.exactOptional(),
    route: z.string().exactOptional(),
    source: z.string().exactOptional(),
    type: z.string().exactOptional(),
    reason: z.string().exactOptional(),
    eventId: Id.exactOptional(),
    customer: list(IdentifierShape).exactOptional(),
    limit: Count.exactOptional(),
    since: Time.exactOptional(),
    until: Time.exactOptional(),
  })
  .meta({
    id: 'RunFilter',
    description: 'What the messages were chosen by; of the customer only by which identifiers.',
  })

/** Many messages that are re-triggered together. */
export const RunShape = z
  .strictObject({
    id: Id,
    state: z.enum(RUN_STATES),
    by: z.string(),
    reason: z.string().nullable(),
    force: z.boolean(),
    late: z.boolean(),
    filter: RunFilterShape,
    createdAt: Time,
    endedAt: Time.nullable(),
    total: Count,
    waiting: Count,
    retried: Count,
    refused: Count,
  })
  .meta({ id: 'Run', description: 'Many messages that are re-triggered together.' })
export type RunJson = z.infer<typeof RunShape>

export function runJson({ createdAt, endedAt, filter, ...run }: Run): RunJson {
  const { since, until, ...others } = filter
  return {
    id: run.id,
    state: run.state,
    by: run.by,
    reason: run.reason,
    force: run.force,
    late: run.late,
    filter: {
      ...others,
      ...(since === undefined ? {} : { since: isoTime(since) }),
      ...(until === undefined ? {} : { until: isoTime(until) }),
    },
    total: run.total,
    waiting: run.waiting,
    retried: run.retried,
    refused: run.refused,
    createdAt: isoTime(createdAt),
    endedAt: isoTime(endedAt),
  }
}

/** A run, and what has become of its messages so far. */
export const RunReportShape = RunShape.extend({
  messages: z.record(MessageState, Count),
  refusals: list(z.strictObject({ messageId: Id, reason: z.string() })),
  waitsFor: list(z.strictObject({ scope: Scope, name: z.string().nullable(), reason: z.string() })).meta({
    description: 'Pauses that keep messages of it from being re-triggered.',
  }),
}).meta({ id: 'RunReport', description: 'A run, and what has become of its messages so far.' })
export type RunReportJson = z.infer<typeof RunReportShape>

export function runReportJson(run: RunReport): RunReportJson {
  return { ...runJson(run), messages: run.messages, refusals: run.refusals, waitsFor: run.waitsFor }
}
