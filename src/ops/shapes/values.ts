import { z } from 'zod'

/** A time in JSON: ISO 8601 in UTC. */
export const Time = z.iso.datetime().meta({ id: 'Time', description: 'ISO 8601, in UTC.' })

/** Epoch milliseconds as JSON has them. */
export function isoTime(at: number): string
export function isoTime(at: number | null): string | null
export function isoTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

export const Id = z.int().min(1).meta({ id: 'Id', description: 'A number of the ledger, from 1.' })

export const Count = z.int().min(0)

/** What is answered is never changed afterwards. */
export function list<Item extends z.ZodType>(item: Item) {
  return z.array(item).readonly()
}
