import { z } from 'zod'
import { duration } from './values.ts'

const DAY_MS = 86_400_000

export const DEFAULT_RETENTION = { payload: 30 * DAY_MS, rows: 365 * DAY_MS }

const EXPECTED = 'expected { payload, rows }, such as { payload: 30d, rows: 365d }'

/** How long is kept what is finished. Below a day nobody would see in the morning what failed at night. */
export const RetentionBlock = z
  .strictObject(
    {
      payload: duration({ least: DAY_MS }).default(DEFAULT_RETENTION.payload),
      rows: duration({ least: DAY_MS }).default(DEFAULT_RETENTION.rows),
    },
    EXPECTED,
  )
  .refine(({ payload, rows }) => payload <= rows, {
    error: 'rows is shorter than payload: a payload cannot outlive its row',
    when: ({ issues }) => issues.length === 0,
  })
