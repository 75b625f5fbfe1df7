import { z } from 'zod'
import { IDENTIFIERS } from '../../message.ts'
import { ChannelName } from './rendered.ts'
import { Count, list } from './values.ts'

export const IdentifierShape = z.enum(IDENTIFIERS).meta({ id: 'Identifier' })

const Weekday = z.literal([1, 2, 3, 4, 5, 6, 7])

/** What the route said when the message was planned. Durations: milliseconds. */
export const PoliciesShape = z
  .strictObject({
    mode: z.enum(['live', 'shadow']),
    findBy: list(IdentifierShape),
    externalSource: z.strictObject({ id: z.string(), name: z.string() }).nullable(),
    template: z.string(),
    channels: list(ChannelName),
    once: z.string().nullable(),
    expireAfterMs: Count,
    brake: z.strictObject({ messages: Count, perMs: Count }).nullable(),
    maxAttempts: Count,
    onUnconfirmed: z.enum(['hold', 'resend-if-absent']),
    requireSessionMs: Count.nullable(),
    activeConversation: z.enum(['wait', 'join']),
    onUndelivered: z.enum(['none', 'next-channel']),
    purpose: z.enum(['service', 'marketing']),
    oncePerMs: Count.nullable(),
    onRepeat: z.enum(['keep', 'replace']),
    quietHours: z
      .strictObject({
        fromMinute: Count,
        toMinute: Count,
        timezone: z.string().nullable(),
        days: list(Weekday),
      })
      .nullable(),
    cap: z.strictObject({ messages: Count, perMs: Count, group: z.string() }).nullable(),
    onCap: z.enum(['skip', 'defer']),
    countsIn: list(z.string()),
  })
  .meta({
    id: 'Policies',
    description: 'What the route said when the message was planned. Durations are milliseconds.',
  })
