import { emailAddress, phoneNumber } from '../address.ts'
import { CLI_SOURCE, type ReadEvent } from '../event.ts'
import type { Plan } from '../ledger/ledger.ts'
import type { Customer } from '../message.ts'
import { customerOf } from '../plan/customer.ts'
import { planSend, type Said } from '../plan/send.ts'
import { type Reader, readDelivery } from '../receive/sources/read.ts'
import { scopeOf } from '../scope.ts'
import type { Row } from './send-csv.ts'

/** What is said to everybody under one name. */
export type Campaign = {
  name: string
  said: Said
  configVersion: string
  /** Groups of caps in which its messages count. */
  countsIn: readonly string[]
  defaultCountry: string | null
}

/** A row, and the customer's identifier that makes its event's key. */
export type Recipient = { row: Row; identifier: string }

/**
 * Who a customer is within a campaign: the first that they have, in the form in which it is written to, so that nobody is met twice in two spellings; null:
 * nobody.
 */
export function identifierOf(
  { externalId, email, phone }: Customer,
  defaultCountry: string | null,
): string | null {
  if (externalId !== undefined) return externalId
  if (email !== undefined) {
    const address = emailAddress(email)
    return (address.kind === 'address' ? address.to : email).toLowerCase()
  }
  if (phone === undefined) return null
  const number = phoneNumber(phone, defaultCountry)
  return number.kind === 'address' ? number.to : phone.replace(/[^\d+]/g, '')
}

const READER: Reader = { name: CLI_SOURCE, preset: 'standard-webhooks', custom: null }

export function typeOf({ name }: Pick<Campaign, 'name'>): string {
  return `send.${name}`
}

/**
 * The event of a recipient, and its plan. Written in the documented form of Standard Webhooks and read as such, since that is how it is read when
 * it is rendered. `now`: epoch milliseconds.
 */
export function planRecipient(
  { row, identifier }: Recipient,
  campaign: Campaign,
  now: number,
): { event: ReadEvent; plan: Plan } {
  const { externalId, ...customer } = row.customer
  const body = {
    type: typeOf(campaign),
    timestamp: new Date(now).toISOString(),
    data: { ...row.data, customer: { id: externalId, ...customer } },
  }
  const written = { body: Buffer.from(JSON.stringify(body)), rawHeaders: [], receivedAt: now }
  const [event] = readDelivery(READER, written, keyOf(identifier, campaign))
  if (event === undefined || 'reason' in event)
    throw new Error(`what send writes cannot be read: ${event?.reason}`)
  const { said, configVersion, countsIn, defaultCountry } = campaign
  const named = customerOf(scopeOf(event, event.payload), null, event.customer)
  return { event, plan: planSend({ event, customer: named, said, configVersion, countsIn, defaultCountry }) }
}

/** What was tried in shadow first can still be sent: no name has a blank. */
function keyOf(identifier: string, { name, said }: Campaign): string {
  return `${said.mode === 'shadow' ? 'shadow ' : ''}${name}/${identifier}`
}
