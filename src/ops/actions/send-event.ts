import { CLI_SOURCE, type ReadEvent } from '../../event.ts'
import type { Plan } from '../../ledger/ledger.ts'
import type { Customer } from '../../message.ts'
import { customerOf } from '../../plan/customer.ts'
import { planSend, type Said } from '../../plan/send.ts'
import { type Reader, readDelivery } from '../../receive/sources/read.ts'
import { scopeOf } from '../../scope.ts'

const READER: Reader = { name: CLI_SOURCE, preset: 'standard-webhooks', custom: null }

/** What is sent to one customer by hand. `data`: what templates read as `data`, beside `customer`; `payload`: what stands beside `data`. `countsIn`: groups of caps. */
export type ByHand = {
  key: string
  type: string
  customer: Customer
  data: object
  payload?: object
  said: Said
  configVersion: string
  countsIn: readonly string[]
  defaultCountry: string | null
}

/**
 * The event of what is sent by hand, and its plan. Written in the documented form of Standard Webhooks and read as such, since that is how it is read when
 * it is rendered. `now`: epoch milliseconds.
 */
export function planByHand(wanted: ByHand, now: number): { event: ReadEvent; plan: Plan } {
  const { key, type, data, payload, said, configVersion, countsIn, defaultCountry } = wanted
  const { externalId, ...customer } = wanted.customer
  const body = {
    ...payload,
    type,
    timestamp: new Date(now).toISOString(),
    data: { ...data, customer: { ...customerIn(data), id: externalId, ...customer } },
  }
  const written = { body: Buffer.from(JSON.stringify(body)), rawHeaders: [], receivedAt: now }
  const [event] = readDelivery(READER, written, key)
  if (event === undefined || 'reason' in event)
    throw new Error(`what is sent by hand cannot be read: ${event?.reason}`)
  const named = customerOf(scopeOf(event, event.payload), null, event.customer)
  return { event, plan: planSend({ event, customer: named, said, configVersion, countsIn, defaultCountry }) }
}

/** What templates know of the customer beside who it is; the identifiers of another must not stay. */
function customerIn(data: object): object {
  const customer = 'customer' in data ? data.customer : undefined
  if (typeof customer !== 'object' || customer === null || Array.isArray(customer)) return {}
  const { id: _i, email: _e, phone: _p, name: _n, ...others } = customer as Record<string, unknown>
  return others
}
