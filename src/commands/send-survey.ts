import { addressOf, emailAddress, phoneNumber } from '../address.ts'
import type { Config } from '../config/config.ts'
import type { Channel, Customer, IdentifierName } from '../message.ts'
import { scopeOf } from '../scope.ts'
import { type Campaign, identifierOf, planRecipient, type Recipient } from './send-campaign.ts'
import type { Row } from './send-csv.ts'

/** A row that nothing is planned for. */
export type LeftOut = { line: number | null; reason: string }

export type Survey = {
  recipients: readonly Recipient[]
  /** No channel reaches them. */
  unreachable: readonly LeftOut[]
  /** The customer stands on an earlier line too. */
  duplicates: readonly LeftOut[]
  /** The template does not render for them. */
  unrenderable: readonly LeftOut[]
  /** How many of the recipients have what each channel needs. */
  reach: ReadonlyMap<Channel, number>
}

/**
 * Who of the rows would get a message, and who would not and why: everything that can be known before anything is planned, the text of each
 * included. Nothing is asked of Genesys, so whether a contact exists is not among it. `now`: epoch milliseconds.
 */
export function survey(rows: readonly Row[], campaign: Campaign, config: Config, now: number): Survey {
  const { channels } = campaign.said
  const recipients: Recipient[] = []
  const unreachable: LeftOut[] = []
  const duplicates: LeftOut[] = []
  const unrenderable: LeftOut[] = []
  const reach = new Map(channels.map((channel) => [channel, 0]))
  const seen = new Map<string, number | null>()

  for (const row of rows) {
    const { line, customer } = row
    const identifier = identifierOf(customer, config.genesys.defaultCountry)
    const faults = channels.map((channel) => faultOf(channel, customer, campaign, config))
    const reached = channels.filter((_, at) => faults[at] === null)
    if (identifier === null || reached.length === 0) {
      unreachable.push({ line, reason: channels.map((one, at) => `${one}: ${faults[at]}`).join('; ') })
      continue
    }
    const before = seen.get(identifier)
    if (before !== undefined) {
      duplicates.push({ line, reason: `the same customer as on line ${before}` })
      continue
    }
    seen.set(identifier, line)
    const fault = unrenderableReason({ row, identifier }, reached, campaign, config, now)
    if (fault !== null) {
      unrenderable.push({ line, reason: fault })
      continue
    }
    recipients.push({ row, identifier })
    for (const channel of reached) reach.set(channel, (reach.get(channel) ?? 0) + 1)
  }
  return { recipients, unreachable, duplicates, unrenderable, reach }
}

const NEEDS: Readonly<Record<Exclude<Channel, 'webmessaging'>, IdentifierName>> = {
  email: 'email',
  sms: 'phone',
  whatsapp: 'phone',
  open: 'externalId',
}

/** Why a channel cannot reach the customer, as far as that is known without Genesys; null: it may. */
function faultOf(channel: Channel, customer: Customer, { said }: Campaign, config: Config): string | null {
  const noContact = contactFault(customer, said.findBy, config)
  if (channel === 'webmessaging') return noContact
  if (said.requireSessionMs !== null && noContact !== null) {
    return `no contact could be found, and a session is asked for (${noContact})`
  }
  const address = addressOf(channel, customer, config.genesys.defaultCountry)
  if (address.kind === 'none') return `no ${NEEDS[channel]}`
  return address.kind === 'bad' ? address.reason : null
}

/** Why nothing that the customer is known by can be looked up; null: something can. */
function contactFault(
  customer: Customer,
  findBy: readonly IdentifierName[],
  { genesys }: Config,
): string | null {
  const faults = findBy.map((name): string | null => {
    const value = customer[name]
    if (value === undefined) return `no ${name}`
    if (name === 'externalId') {
      return genesys.externalSource === null ? 'no genesys.externalSource to look the externalId up in' : null
    }
    const address = name === 'email' ? emailAddress(value) : phoneNumber(value, genesys.defaultCountry)
    return address.kind === 'bad' ? address.reason : null
  })
  return faults.includes(null) ? null : faults.join(', ')
}

/** Renders for every channel that may be tried, because which one it will be is known only when it is sent. Null: all of them fit. */
function unrenderableReason(
  recipient: Recipient,
  channels: readonly Channel[],
  campaign: Campaign,
  { templates }: Config,
  now: number,
): string | null {
  const { event, plan } = planRecipient(recipient, campaign, now)
  const [message] = plan.messages
  if (message?.state !== 'scheduled') return message?.reason ?? 'nothing is planned for this row'
  const scope = scopeOf(event, event.payload, message.customer)
  for (const channel of channels) {
    const result = templates.render(campaign.said.template, channel, scope)
    if (result.kind === 'unrenderable') return result.reason
  }
  return null
}
