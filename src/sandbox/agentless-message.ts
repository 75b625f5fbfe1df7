import { ApiError, invalidField, missingField, notFound } from './errors.ts'
import { allowFields, type Body, blockOf, blocksOf, flagOf, requiredText, textOf } from './fields.ts'
import { E164 } from './lookup.ts'
import { keepMessage, type Org, type SandboxMessage } from './org.ts'

const MESSENGERS = ['sms', 'whatsapp', 'open', 'webmessaging', 'apple'] as const
type Messenger = (typeof MESSENGERS)[number]

/** In characters, of the textBody. */
const LONGEST_TEXT: Readonly<Record<Messenger, number>> = {
  sms: 765,
  whatsapp: 2000,
  open: 2000,
  webmessaging: 2000,
  apple: 2000,
}
const FIELDS = [
  'fromAddress',
  'toAddress',
  'toAddressMessengerType',
  'externalContactId',
  'textBody',
  'messagingTemplate',
  'useExistingActiveConversation',
]
const TEMPLATE_PARAMETERS = ['parameters', 'headerParameters', 'bodyParameters', 'buttonUrlParameters']

/**
 * `POST /api/v2/conversations/messages/agentless`. What an unknown deployment or contact is answered is not documented; 404 is assumed, and 409
 * for an active conversation.
 */
export function sendAgentlessMessage(body: Body, org: Org): SandboxMessage {
  allowFields(body, FIELDS)
  const from = requiredText(body, 'fromAddress')
  const type = requiredText(body, 'toAddressMessengerType')
  const messenger = MESSENGERS.find((one) => one === type)
  if (!messenger) throw invalidField('toAddressMessengerType', `must be one of ${MESSENGERS.join(', ')}.`)
  const toAddress = textOf(body, 'toAddress')
  const join = flagOf(body, 'useExistingActiveConversation')
  const text = contentOf(body, messenger)
  const named = textOf(body, 'externalContactId')

  if (messenger === 'webmessaging') {
    if (toAddress !== undefined) {
      throw invalidField('toAddress', 'is not allowed for webmessaging; use externalContactId.')
    }
    const contactId = recipientOf(requiredText(body, 'externalContactId'), from, join, org)
    return keepMessage(org, {
      channel: messenger,
      from: { address: from, name: null },
      contactId,
      to: '',
      subject: null,
      text,
      html: null,
    })
  }
  const to = requiredText(body, 'toAddress')
  checkAddresses(messenger, from, to)
  if (named !== undefined && !org.directory.byId(named)) throw notFound('external contact')
  return keepMessage(org, {
    channel: messenger,
    from: { address: from, name: null },
    contactId: '',
    to,
    subject: null,
    text,
    html: null,
  })
}

/** The text to show; whatsapp takes nothing but a template. */
function contentOf(body: Body, messenger: Messenger): string {
  const text = textOf(body, 'textBody') ?? ''
  const template = blockOf(body, 'messagingTemplate')
  if (text.length > LONGEST_TEXT[messenger]) {
    throw invalidField('textBody', `exceeds the maximum length of ${LONGEST_TEXT[messenger]} characters.`)
  }
  if (messenger === 'whatsapp') {
    if (!template) throw missingField('messagingTemplate')
  } else if (text.trim() === '') throw missingField('textBody')
  if (!template) return text
  const responseId = requiredText(template, 'responseId', 'messagingTemplate.')
  allowFields(template, ['responseId', 'carouselParameters', ...TEMPLATE_PARAMETERS], 'messagingTemplate.')
  const values = TEMPLATE_PARAMETERS.flatMap((name) => parametersOf(template, name))
  return text === '' ? [`Response ${responseId}`, ...values].join('\n') : text
}

function parametersOf(template: Body, name: string): string[] {
  const parameters = blocksOf(template, name, 'messagingTemplate.') ?? []
  return parameters.map((parameter, index) => {
    const within = `messagingTemplate.${name}[${index}].`
    allowFields(parameter, ['id', 'value'], within)
    requiredText(parameter, 'id', within)
    return requiredText(parameter, 'value', within)
  })
}

/** The contact whom the message reaches: after a merge, the canonical one. */
function recipientOf(contactId: string, deploymentId: string, join: boolean, org: Org): string {
  if (!org.deployments.has(deploymentId)) throw notFound('deployment')
  const named = org.directory.byId(contactId)
  const contact = named?.canonicalId === undefined ? named : org.directory.byId(named.canonicalId)
  if (!contact) throw notFound('external contact')
  if (contact.active && !join) {
    throw new ApiError(409, 'conflict', 'An active conversation is already in progress')
  }
  return contact.id
}

function checkAddresses(messenger: Messenger, from: string, to: string): void {
  if (messenger === 'sms' && !E164.test(from)) {
    throw invalidField('fromAddress', 'must be a provisioned number in E.164 format for sms.')
  }
  if ((messenger === 'sms' || messenger === 'apple') && !E164.test(to)) {
    throw invalidField('toAddress', `must be in E.164 format for ${messenger}.`)
  }
  if (messenger === 'whatsapp' && !/^\d{7,15}$/.test(to)) {
    throw invalidField('toAddress', 'must be digits for whatsapp.')
  }
}
