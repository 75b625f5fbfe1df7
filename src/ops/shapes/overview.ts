import { z } from 'zod'
import type { Tally, Trouble } from '../../ledger/overview.ts'
import type { Attention } from '../attention.ts'
import { InstanceShape } from './instance.ts'
import { PauseShape } from './pause.ts'
import { Count, isoTime, list, Time } from './values.ts'

export const AttentionShape = z
  .strictObject({
    kind: z.enum([
      'pause',
      'brake',
      'overdue',
      'unconfirmed',
      'failed',
      'unplanned',
      'unreadable',
      'refused',
      'silence',
      'instances',
    ]),
    cause: z.string(),
    since: Time.nullable(),
    count: Count.nullable(),
    subject: z.strictObject({
      route: z.string().exactOptional(),
      source: z.string().exactOptional(),
      channel: z.string().exactOptional(),
    }),
    what: z.string(),
    todo: z.string(),
    command: z.string().nullable(),
  })
  .meta({ id: 'Attention', description: 'Something that needs a person, and what to do about it.' })
export type AttentionJson = z.infer<typeof AttentionShape>

export function attentionJson({ line: _, since, ...attention }: Attention): AttentionJson {
  return { ...attention, since: isoTime(since) }
}

const TroubleShape = z
  .strictObject({
    since: Time,
    failed: Count,
    unplanned: Count,
    unreadable: Count,
    unconfirmed: z.strictObject({ held: Count, looking: Count }),
    due: z.strictObject({ count: Count, oldestDueAt: Time.nullable() }),
    scheduled: Count,
    lastEventAt: z.record(z.string(), Time),
    refused: list(z.strictObject({ source: z.string(), reason: z.string(), count: Count, lastAt: Time })),
    recheckable: list(z.strictObject({ source: z.string(), reason: z.string(), count: Count, since: Time })),
  })
  .meta({
    id: 'Trouble',
    description: 'Counts of what needs a person and of what waits; none goes past 10,000.',
  })

/** Without what only decides what needs a person: that is told by `attention`. */
function troubleJson({
  host: _,
  expectedSince: _expected,
  refusedHours: _hours,
  ...trouble
}: Trouble): z.infer<typeof TroubleShape> {
  const { since, due, lastEventAt, refused, recheckable } = trouble
  return {
    ...trouble,
    since: isoTime(since),
    due: { ...due, oldestDueAt: isoTime(due.oldestDueAt) },
    lastEventAt: Object.fromEntries(Object.entries(lastEventAt).map(([name, at]) => [name, isoTime(at)])),
    refused: refused.map((one) => ({ ...one, lastAt: isoTime(one.lastAt) })),
    recheckable: recheckable.map((one) => ({ ...one, since: isoTime(one.since) })),
  }
}

export const TallyShape = z
  .strictObject({
    minute: Time,
    kind: z.enum(['received', 'calls', 'sent', 'failed', 'unconfirmed', 'skipped']),
    name: z.string(),
    count: Count,
  })
  .meta({ id: 'Tally', description: 'How much happened in a minute: by source, by route, or of the budget.' })

/** What operators see first. */
export const OverviewShape = z
  .strictObject({
    sendsTo: z.enum(['live', 'gateway', 'sandbox']),
    host: z.string(),
    configVersion: z.string(),
    attention: list(AttentionShape),
    pauses: list(PauseShape),
    instances: list(InstanceShape).meta({
      description: 'Who is at work with this ledger, the oldest first.',
    }),
    trouble: TroubleShape,
    tallies: list(TallyShape).meta({ description: 'Of the last hour.' }),
  })
  .meta({ id: 'Overview', description: 'What needs a person, and what happens now.' })
export type OverviewJson = z.infer<typeof OverviewShape>

export function overviewJson(
  of: Pick<OverviewJson, 'sendsTo' | 'host' | 'configVersion' | 'attention' | 'pauses' | 'instances'> & {
    trouble: Trouble
    tallies: readonly Tally[]
  },
): OverviewJson {
  return {
    ...of,
    trouble: troubleJson(of.trouble),
    tallies: of.tallies.map((tally) => ({ ...tally, minute: isoTime(tally.minute) })),
  }
}
