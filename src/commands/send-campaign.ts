import { emailAddress, phoneNumber } from '../address.ts'
import type { ReadEvent } from '../event.ts'
import type { Plan } from '../ledger/ledger.ts'
import type { Customer } from '../message.ts'
import { planByHand } from '../ops/actions/send-event.ts'
import type { Said } from '../plan/send.ts'
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

export function typeOf({ name }: Pick<Campaign, 'name'>): string {
  return `send.${name}`
}

/** The event of a recipient, and its plan. `now`: epoch milliseconds. */
export function planRecipient(
  { row, identifier }: Recipient,
  campaign: Campaign,
  now: number,
): { event: ReadEvent; plan: Plan } {
  const { customer, data } = row
  const { said, configVersion, countsIn, defaultCountry } = campaign
  const what = { key: keyOf(identifier, campaign), type: typeOf(campaign), customer, data }
  return planByHand({ ...what, said, configVersion, countsIn, defaultCountry }, now)
}

/** What was tried in shadow first can still be sent: no name has a blank. */
function keyOf(identifier: string, { name, said }: Campaign): string {
  return `${said.mode === 'shadow' ? 'shadow ' : ''}${name}/${identifier}`
}
