import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { DEPLOYMENT, type Directory, EXTERNAL_SOURCE, type SandboxContact } from './directory.ts'
import { ApiError, badRequest } from './errors.ts'

/** A message that the sandbox accepted. */
export type SandboxMessage = {
  id: string
  conversationId: string
  channel: 'webmessaging' | 'sms' | 'whatsapp' | 'open' | 'apple' | 'email'
  /** Empty for what is sent to an address. */
  contactId: string
  to: string
  subject: string | null
  text: string
  html: string | null
  at: number
}

export type Org = {
  clock: Clock
  directory: Directory
  deployments: ReadonlySet<string>
  externalSources: ReadonlySet<string>
  emailDomains: ReadonlySet<string> | 'any'
  messages: SandboxMessage[]
  /** How many were accepted, whatever became of the list above. */
  accepted: { count: number }
}

/** Of the newest messages the texts are kept; the count is of all. */
const MOST_MESSAGES = 50_000

type Body = Readonly<Record<string, unknown>>

const IDENTIFIER_TYPES = [
  'SocialLine',
  'SocialFacebook',
  'SocialTwitter',
  'SocialWhatsapp',
  'SocialInstagram',
  'SocialWhatsappBsuid',
  'AppleOpaqueId',
  'Email',
  'Phone',
  'Cookie',
  'ExternalId',
]
const E164 = /^\+[1-9]\d{6,14}$/

/** `POST /api/v2/externalcontacts/identifierlookup/contacts`: exact match of one identifier. */
export function lookUpContact(body: Body, org: Org) {
  const type = required(body, 'type')
  const value = required(body, 'value').trim()
  if (!IDENTIFIER_TYPES.includes(type)) throw badRequest(`The value of type [${type}] is not valid.`)
  if (value === '' || value.length > 255)
    throw badRequest('The value of value must have 1 to 255 characters.')
  if (type === 'Phone' && !E164.test(value)) {
    throw new ApiError(422, 'invalid.value', 'The phone number is not in E.164 format.')
  }
  if (type === 'ExternalId') {
    const source = block(body, 'externalSource')
    const id = source && typeof source.id === 'string' ? source.id : ''
    if (id === '') throw badRequest('externalSource is required for an identifier of type ExternalId.')
    if (!org.externalSources.has(id))
      throw new ApiError(404, 'not.found', 'The requested external source was not found.')
  }
  const contact = org.directory.find({ type, value })
  if (!contact) throw new ApiError(404, 'not.found', 'The requested resource was not found.')
  return contactBody(contact)
}

function contactBody(contact: SandboxContact) {
  const [firstName = '', ...rest] = contact.name.split(' ')
  return {
    id: contact.id,
    type: 'Curated',
    firstName,
    lastName: rest.join(' '),
    ...(contact.canonicalId === undefined
      ? {}
      : {
          canonicalContact: {
            id: contact.canonicalId,
            selfUri: `/api/v2/externalcontacts/contacts/${contact.canonicalId}`,
          },
        }),
    selfUri: `/api/v2/externalcontacts/contacts/${contact.id}`,
  }
}

const MESSENGERS = ['sms', 'whatsapp', 'open', 'webmessaging', 'apple'] as const
const TEXT_LIMIT = { sms: 765, whatsapp: 2000, open: 2000, webmessaging: 2000, apple: 2000 } as const

/** `POST /api/v2/conversations/messages/agentless`. What an unknown contact is answered is not documented; 404 is assumed. */
export function sendAgentlessMessage(body: Body, org: Org): SandboxMessage {
  const from = required(body, 'fromAddress')
  const messenger = MESSENGERS.find((one) => one === required(body, 'toAddressMessengerType'))
  if (!messenger) throw badRequest('The value of toAddressMessengerType is not valid.')
  const to = optional(body, 'toAddress')
  const text = optional(body, 'textBody') ?? ''
  const join = body.useExistingActiveConversation
  if (join !== undefined && typeof join !== 'boolean')
    throw badRequest('useExistingActiveConversation must be a boolean.')
  if (text.length > TEXT_LIMIT[messenger]) {
    throw badRequest(`textBody exceeds the maximum length of ${TEXT_LIMIT[messenger]} characters.`)
  }
  if (messenger === 'whatsapp') {
    const template = block(body, 'messagingTemplate')
    if (!template || typeof template.responseId !== 'string')
      throw badRequest('messagingTemplate is required for whatsapp.')
  } else if (text === '') throw badRequest(`textBody is required for ${messenger}.`)

  let contactId = ''
  if (messenger === 'webmessaging') {
    if (to !== undefined)
      throw badRequest('toAddress is not allowed for webmessaging; use externalContactId.')
    if (!org.deployments.has(from)) throw new ApiError(404, 'not.found', 'The deployment was not found.')
    const contact = org.directory.byId(required(body, 'externalContactId'))
    if (!contact) throw new ApiError(404, 'not.found', 'The external contact was not found.')
    if (contact.active && join !== true) {
      throw new ApiError(409, 'conflict', 'An active conversation is already in progress')
    }
    contactId = contact.id
  } else {
    if (to === undefined) throw badRequest(`toAddress is required for ${messenger}.`)
    if (messenger === 'sms' && !E164.test(to)) throw badRequest('toAddress must be in E.164 format for sms.')
    if (messenger === 'whatsapp' && !/^\d{7,15}$/.test(to))
      throw badRequest('toAddress must be digits for whatsapp.')
  }
  return keep(org, { channel: messenger, contactId, to: to ?? '', subject: null, text, html: null })
}

/** `POST /api/v2/conversations/emails/agentless`. */
export function sendAgentlessEmail(body: Body, org: Org): SandboxMessage {
  if (required(body, 'senderType') !== 'Outbound') throw badRequest('The value of senderType is not valid.')
  const from = address(block(body, 'fromAddress'), 'fromAddress')
  const recipients = body.toAddresses
  if (!Array.isArray(recipients) || recipients.length !== 1)
    throw badRequest('toAddresses must have exactly one recipient.')
  const to = address(recipients[0] as Body | undefined, 'toAddresses[0]')
  if (body.replyToAddress !== undefined) address(block(body, 'replyToAddress'), 'replyToAddress')
  const subject = optional(body, 'subject') ?? null
  const text = optional(body, 'textBody')
  const html = optional(body, 'htmlBody')
  if (text === undefined && html === undefined) throw badRequest('textBody or htmlBody is required.')
  const domain = from.split('@')[1]?.toLowerCase() ?? ''
  if (org.emailDomains !== 'any' && !org.emailDomains.has(domain)) {
    throw badRequest(`The domain ${domain} is not an outbound domain of this organization.`)
  }
  return keep(org, { channel: 'email', contactId: '', to, subject, text: text ?? '', html: html ?? null })
}

function address(value: Body | undefined, name: string): string {
  const email = value && typeof value.email === 'string' ? value.email : ''
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) throw badRequest(`${name}.email is not an email address.`)
  return email
}

function keep(org: Org, message: Omit<SandboxMessage, 'id' | 'conversationId' | 'at'>): SandboxMessage {
  const kept = { ...message, id: randomUUID(), conversationId: randomUUID(), at: org.clock.now() }
  org.messages.push(kept)
  org.accepted.count += 1
  if (org.messages.length > MOST_MESSAGES) org.messages.splice(0, org.messages.length - MOST_MESSAGES)
  return kept
}

function required(body: Body, name: string): string {
  const value = optional(body, name)
  if (value === undefined || value === '') throw badRequest(`${name} is required.`)
  return value
}

function optional(body: Body, name: string): string | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw badRequest(`${name} must be a string.`)
  return value
}

function block(body: Body, name: string): Body | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'object' || Array.isArray(value)) throw badRequest(`${name} must be an object.`)
  return value as Body
}

export const KNOWN = { deployments: [DEPLOYMENT], externalSources: [EXTERNAL_SOURCE] }
