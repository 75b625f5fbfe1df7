import type { Answer, Identifier } from '../genesys/genesys.ts'
import type { Customer, IdentifierName, Policies } from '../message.ts'
import type { Lookup } from './contacts.ts'

/** Where a message can go. */
export type Target =
  | { channel: 'webmessaging'; contactId: string; foundBy: IdentifierName; cached: boolean }
  | { channel: 'email'; to: { email: string; name?: string } }

export type Found =
  | { kind: 'target'; target: Target }
  /** No channel of the route reaches this customer; the reason names what was looked for, not its value. */
  | { kind: 'nobody'; code: 'no-contact' | 'no-address'; reason: string }
  /** Genesys did not answer the question. */
  | { kind: 'trouble'; answer: Exclude<Answer<unknown>, { kind: 'ok' }> }

/**
 * Finds the customer over the first of the channels that reaches them: `webmessaging` needs a contact in Genesys Cloud, found by
 * `findBy` in order; `email` needs an address.
 */
export async function find(
  customer: Customer,
  policies: Pick<Policies, 'channels' | 'findBy' | 'externalSource'>,
  lookup: (identifier: Identifier) => Promise<Lookup>,
): Promise<Found> {
  const missed: string[] = []
  let code: 'no-contact' | 'no-address' = 'no-address'
  for (const channel of policies.channels) {
    if (channel === 'email') {
      if (customer.email !== undefined) return { kind: 'target', target: { channel, to: mailbox(customer) } }
      missed.push('email: the event names no email address')
    } else if (channel === 'webmessaging') {
      code = 'no-contact'
      for (const name of policies.findBy) {
        const identifier = identifierOf(name, customer, policies)
        if (identifier.kind === 'none') {
          missed.push(`${channel}: ${identifier.reason}`)
          continue
        }
        const { answer, cached } = await lookup(identifier.identifier)
        if (answer.kind === 'ok' && answer.value !== null) {
          return { kind: 'target', target: { channel, contactId: answer.value.id, foundBy: name, cached } }
        }
        if (answer.kind === 'ok') missed.push(`${channel}: no contact in Genesys Cloud has this ${name}`)
        else if (isRefusedValue(answer))
          missed.push(`${channel}: Genesys Cloud refused the ${name} as an identifier`)
        else return { kind: 'trouble', answer }
      }
    } else missed.push(`${channel}: not supported yet`)
  }
  return {
    kind: 'nobody',
    code,
    reason: `The customer cannot be reached. ${missed.join('; ')}. When the contact exists, re-trigger the message.`,
  }
}

function mailbox(customer: Customer): { email: string; name?: string } {
  const email = customer.email ?? ''
  return customer.name === undefined ? { email } : { email, name: customer.name }
}

/** A look-up that finds fault with the value itself says nothing about Genesys: the next identifier is tried. */
function isRefusedValue(answer: Answer<unknown>): boolean {
  return answer.kind === 'refused' && (answer.status === 400 || answer.status === 422)
}

type IdentifierOf = { kind: 'identifier'; identifier: Identifier } | { kind: 'none'; reason: string }

function identifierOf(
  name: IdentifierName,
  customer: Customer,
  policies: Pick<Policies, 'externalSource'>,
): IdentifierOf {
  const value = customer[name]
  if (value === undefined) return { kind: 'none', reason: `the event names no ${name}` }
  if (name === 'email') return { kind: 'identifier', identifier: { type: 'Email', value } }
  if (name === 'phone') {
    const e164 = value.replace(/[\s().-]/g, '')
    return /^\+[1-9]\d{6,14}$/.test(e164)
      ? { kind: 'identifier', identifier: { type: 'Phone', value: e164 } }
      : { kind: 'none', reason: 'the phone number is not in international form (+, country code, number)' }
  }
  return policies.externalSource === null
    ? { kind: 'none', reason: 'no externalSource is configured to look the externalId up in' }
    : {
        kind: 'identifier',
        identifier: { type: 'ExternalId', value, externalSource: policies.externalSource },
      }
}
