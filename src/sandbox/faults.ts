import { validateHeaderName, validateHeaderValue } from 'node:http'
import { z } from 'zod'
import type { About } from './about.ts'

export const OPERATIONS = [
  'token',
  'lookup',
  'contact',
  'message',
  'email',
  'analytics',
  'conversation',
  'bulk',
  'details',
  'other',
] as const
export type Operation = (typeof OPERATIONS)[number]

/** What goes wrong, on demand. The first fault that meets a request is the one. */
export const Fault = z.strictObject({
  operation: z.enum(['any', ...OPERATIONS]).default('any'),
  /** Only requests about this contact: that name it, or a message or conversation of theirs. */
  contactId: z.string().optional(),
  /** Only requests about this address: a toAddress, a recipient of an email, what a look-up or a query looks for. */
  to: z.string().optional(),
  /** Only this share of them, by chance; 0.1: a tenth. */
  share: z.number().min(0).max(1).optional(),
  /** How many requests it meets; without it, all until it is cleared. */
  times: z.number().int().positive().optional(),
  /** Answer with this status instead of acting. */
  status: z.number().int().min(200).max(599).optional(),
  body: z.unknown().optional(),
  headers: z.record(z.string(), z.string()).refine(areHeaders, 'not headers of HTTP').optional(),
  /** Seconds, for 429 and 503. */
  retryAfter: z.number().optional(),
  /** Answer later by the sandbox's clock, having acted in time. */
  delayMs: z.number().int().min(0).max(60_000).optional(),
  /** Never answer and never act. */
  hang: z.boolean().optional(),
  /** Cut the connection. */
  reset: z.enum(['before-acting', 'after-acting']).optional(),
  /** Act, and answer 202 with no body, as the API may. */
  empty202: z.boolean().optional(),
  /** Act, and answer with a page of HTML, as a proxy might; with a status, that instead of acting. */
  html: z.boolean().optional(),
  /** Act, and answer with what is no JSON, though it says so. */
  badJson: z.boolean().optional(),
  /** Act, and answer with an empty body; with a status, that instead of acting. */
  emptyBody: z.boolean().optional(),
  /** Act, and break off in the middle of the answer. */
  cut: z.boolean().optional(),
})
export type Fault = z.output<typeof Fault>

export type Faults = {
  add(fault: z.input<typeof Fault>): void
  list(): readonly Fault[]
  clear(): void
  /** The fault that this request meets, counted down. `about` is asked where a fault is of one customer. */
  take(operation: Operation, about: () => About): Fault | null
}

/** `random`: from 0 to below 1. */
export function createFaults(random: () => number): Faults {
  let faults: Fault[] = []
  return {
    add(fault) {
      faults.push(Fault.parse(fault))
    },
    list: () => faults,
    clear() {
      faults = []
    },
    take(operation, about) {
      const fault = faults.find(
        (one) =>
          (one.operation === 'any' || one.operation === operation) &&
          (one.contactId === undefined || about().contacts.has(one.contactId)) &&
          (one.to === undefined || about().addresses.has(one.to)) &&
          (one.share === undefined || random() < one.share),
      )
      if (!fault) return null
      if (fault.times !== undefined) {
        fault.times -= 1
        if (fault.times === 0) faults = faults.filter((one) => one !== fault)
      }
      return fault
    },
  }
}

/** A header that Node.js refuses to write would be found out only when the fault is met. */
function areHeaders(headers: Readonly<Record<string, string>>): boolean {
  try {
    for (const [name, value] of Object.entries(headers)) {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    }
    return true
  } catch {
    return false
  }
}
