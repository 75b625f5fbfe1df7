import type { Config } from '../config/config.ts'
import type { OutboundEmail, OutboundMessage } from '../genesys/genesys.ts'
import type { Message, Rendered } from '../message.ts'
import { harmless } from '../untrusted.ts'
import type { Target } from './find.ts'

/** What is sent to Genesys: by the operation for messages, or by the one for emails. */
export type Request = { kind: 'message'; message: OutboundMessage } | { kind: 'email'; email: OutboundEmail }

/** The request for a target and its text. Pure. Throws where `find` chose a target that its channel cannot use: a fault of ours. */
export function requestOf(
  { channel, contact, address }: Target,
  rendered: Rendered,
  { policies, customer }: Pick<Message, 'policies' | 'customer'>,
  { webmessaging, sms, open, whatsapp, email }: Config['genesys'],
): Request {
  const { text } = rendered
  const joinActive = policies.activeConversation === 'join'
  const message = (outbound: OutboundMessage): Request => ({ kind: 'message', message: outbound })
  if (channel === 'webmessaging' && webmessaging && contact) {
    return message({ channel, from: webmessaging.deploymentId, contactId: contact.id, text, joinActive })
  }
  if (channel === 'sms' && sms && address !== null) {
    return message({ channel, from: sms.from, to: address, text, joinActive })
  }
  if (channel === 'open' && open && address !== null) {
    return message({ channel, from: open.integrationId, to: address, text, joinActive })
  }
  if (channel === 'whatsapp' && whatsapp && address !== null && rendered.whatsapp) {
    const { integrationId: from } = whatsapp
    return message({ channel, from, to: address, template: rendered.whatsapp, joinActive })
  }
  if (channel === 'email' && email && address !== null) {
    const name = harmless(customer.name ?? '')
    const to = name === '' ? { email: address } : { email: address, name }
    const { subject = '', html = null } = rendered
    return { kind: 'email', email: { ...email, to, subject, text, html } }
  }
  throw new Error(`a message on ${channel} lacks what the channel needs`)
}
