import type { ReadEvent } from '../../src/event.ts'
import type { Customer } from '../../src/message.ts'
import { readDelivery } from '../../src/receive/sources/read.ts'
import type { Chance } from './random.ts'
import { REFUSALS, type SourceName } from './rules.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** What an event tells. Its customer as the sender writes it. */
export type Told = {
  source: SourceName
  key: string
  type: string
  occurredAt: number
  receivedAt: number
  customer: Pick<Customer, 'externalId' | 'email' | 'phone' | 'timezone' | 'consent'>
  ticket: string | null
  cart: string | null
  isTest: boolean
}

/** Some are one written in two ways. */
const EMAILS = ['ann@example.com', 'Ann@Example.com', 'bob@example.com', 'eve@example.com']
export const PHONES = {
  '+49 30 901820': 'Europe/Berlin',
  '+81 90-1234-5678': 'Asia/Tokyo',
  '+1 212 555 0100': null,
}
const NUMBERS = [...Object.keys(PHONES), '+4930901820']
/** What is no zone counts as none. */
export const ZONES = ['Europe/Berlin', 'America/New_York']
const TYPES = [
  ...[
    'ticket.resolved',
    'ticket.resolved',
    'ticket.resolved',
    'cart.updated',
    'cart.updated',
    'cart.updated',
  ],
  ...['ticket.reopened', 'order.placed', 'order.placed', 'customer.consent_given'],
]

/** An event as chance has it, of a handful of customers whose names overlap. */
export function toldBy(chance: Chance, key: string, now: number): Told {
  // Whoever said no is never written to again, so it is said seldom.
  const type = chance.is(0.012) ? chance.pick(Object.keys(REFUSALS)) : chance.pick(TYPES)
  const customer: Told['customer'] = {}
  if (chance.is(0.5)) customer.externalId = `C-${chance.below(4)}`
  if (chance.is(0.6)) customer.email = chance.pick(EMAILS)
  if (chance.is(0.6)) customer.phone = chance.pick(NUMBERS)
  if (chance.is(0.3)) customer.timezone = chance.pick([...ZONES, 'Mars/Olympus_Mons'])
  if (chance.is(0.3)) customer.consent = chance.pick(['yes', 'yes', 'no', 'perhaps'])
  const most = chance.pick([0, 0, 0, 0, 0, SECOND, SECOND, 30 * MINUTE, 90 * MINUTE, 5 * HOUR])
  // Some clocks are ahead.
  const ago = chance.is(0.05) ? -5 * MINUTE : chance.below(most + 1)
  return {
    source: chance.is(0.8) ? 'crm' : 'shop',
    key,
    type,
    occurredAt: now - ago,
    receivedAt: now,
    customer,
    ticket: chance.is(0.9) ? `T-${chance.below(5)}` : null,
    cart: chance.is(0.9) ? `K-${chance.below(4)}` : null,
    isTest: type === 'ticket.resolved' && chance.is(0.04),
  }
}

/** The same event as its source reads it. */
export function readEvent(told: Told): ReadEvent {
  const { source, key, type, ticket, cart, receivedAt, occurredAt, isTest } = told
  const { externalId, ...customer } = told.customer
  const data = {
    customer: { ...customer, id: externalId },
    ...(ticket === null ? {} : { ticket: { id: ticket } }),
    ...(cart === null ? {} : { cart: { id: cart } }),
  }
  const body = Buffer.from(JSON.stringify({ type, timestamp: occurredAt, data }))
  const reader = { name: source, preset: 'standard-webhooks', custom: null } as const
  const [event] = readDelivery(reader, { body, rawHeaders: [], receivedAt }, key)
  if (event === undefined || 'reason' in event) throw new Error('the event cannot be read')
  return { ...event, isTest }
}
