import { z } from 'zod'

/** What can be changed while it runs. */
export const Settings = z.strictObject({
  /** Calls that one token may make in a minute; null: no limit. The real default is 300. */
  rateLimitPerMinute: z.number().int().positive().nullable(),
  /** Agentless messages that the organisation may send in a day of UTC; null: no limit. */
  dailyLimit: z.strictObject({ messages: z.number().int().min(0) }).nullable(),
  /** A conversation is found by analytics only so long after it began. */
  analyticsLagMs: z.number().int().min(0),
  /** Within this time a message joins the conversation before it; the real default is 72 h. */
  threadingMs: z.number().int().min(0),
})
export type Settings = z.output<typeof Settings>

export const SOME_SETTINGS = Settings.partial()

export const DEFAULT_SETTINGS: Settings = {
  rateLimitPerMinute: 300,
  dailyLimit: null,
  analyticsLagMs: 60_000,
  threadingMs: 72 * 3_600_000,
}
