import { acceptMessage } from './accept.ts'
import { beginConversation, type SandboxConversation, type SandboxMessage } from './conversations.ts'
import { badRequest, invalidField, missingField, notFound } from './errors.ts'
import { allowFields, type Body, blockOf, blocksOf, requiredText, textOf } from './fields.ts'
import type { Org } from './org.ts'

const FIELDS = [
  'senderType',
  'conversationId',
  'fromAddress',
  'toAddresses',
  'replyToAddress',
  'subject',
  'textBody',
  'htmlBody',
]

/** `POST /api/v2/conversations/emails/agentless`. That an email needs a body of one kind is assumed: the schema requires neither. */
export function sendAgentlessEmail(body: Body, org: Org): SandboxMessage {
  allowFields(body, FIELDS)
  if (requiredText(body, 'senderType') !== 'Outbound') throw invalidField('senderType', 'must be Outbound.')
  const from = requiredAddress(blockOf(body, 'fromAddress'), 'fromAddress')
  const recipients = blocksOf(body, 'toAddresses')
  if (!recipients) throw missingField('toAddresses')
  if (recipients.length !== 1) throw invalidField('toAddresses', 'must have exactly one recipient.')
  const to = requiredAddress(recipients[0], 'toAddresses[0]')
  const replyTo = blockOf(body, 'replyToAddress')
  if (replyTo) requiredAddress(replyTo, 'replyToAddress')
  const subject = textOf(body, 'subject') ?? null
  const text = textOf(body, 'textBody') ?? ''
  const html = textOf(body, 'htmlBody') ?? null
  if (text === '' && !html) throw badRequest('textBody or htmlBody is required.')
  const domain = from.address.split('@')[1]?.toLowerCase() ?? ''
  if (org.emailDomains !== 'any' && !org.emailDomains.has(domain)) {
    throw badRequest(`The domain ${domain} is not an outbound domain of this organization.`)
  }
  const message = { channel: 'email', from, contactId: '', to: to.address, subject, text, html } as const
  return acceptMessage(org, message, conversationOf(body, org, from.address, to.address))
}

/** Emails begin a conversation of their own, or go on with one that they name, which must be of email. */
function conversationOf(body: Body, org: Org, from: string, to: string): SandboxConversation {
  const id = textOf(body, 'conversationId')
  if (id !== undefined) {
    const known = org.conversations.byId.get(id)
    if (known?.channel !== 'email') throw notFound('conversation')
    return known
  }
  const now = org.clock.now()
  return beginConversation(org.conversations, {
    channel: 'email',
    contactId: '',
    from,
    to,
    originatingDirection: 'outbound',
    initiator: 'api',
    startedAt: now,
    endedAt: now,
  })
}

function requiredAddress(value: Body | undefined, name: string): { address: string; name: string | null } {
  if (!value) throw missingField(name)
  allowFields(value, ['email', 'name'], `${name}.`)
  const address = requiredText(value, 'email', `${name}.`)
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(address))
    throw invalidField(`${name}.email`, 'is not an email address.')
  return { address, name: textOf(value, 'name', `${name}.`) ?? null }
}
