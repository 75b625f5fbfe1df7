import { z } from 'zod'
import type { RetryPlan } from '../../deliver/foresee.ts'
import type { Run } from '../../ledger/run.ts'
import { RunShape, runJson } from './run.ts'
import { Count, Id, list } from './values.ts'

/** What would become of many messages if they were re-triggered. Keys are relied on by people's scripts. */
export const RetryPlanShape = z
  .strictObject({
    messages: Count,
    outcomes: list(
      z
        .strictObject({
          outcome: z.enum(['sent', 'deferred', 'paused', 'skipped', 'failed', 'cancelled', 'refused']),
          code: z.string().nullable(),
          count: Count,
          examples: list(Id).meta({ description: 'The lowest ids of them.' }),
          reason: z.string().nullable(),
        })
        .meta({ id: 'RetryOutcome' }),
    ),
    run: RunShape.nullable().meta({ description: 'The run that has begun; null: only planned.' }),
  })
  .meta({ id: 'RetryPlan', description: 'What would become of many messages if they were re-triggered.' })
export type RetryPlanJson = z.infer<typeof RetryPlanShape>

/** `run` null: none has begun. */
export function retryPlanJson({ messages, outcomes }: RetryPlan, run: Run | null): RetryPlanJson {
  return { messages, outcomes, run: run && runJson(run) }
}
