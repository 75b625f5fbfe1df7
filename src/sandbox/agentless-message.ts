import { acceptMessage } from './accept.ts'
import { beginConversation, type SandboxMessage } from './conversations.ts'
import { badRequest, invalidField, missingField, notFound } from './errors.ts'
import { allowFields, type Body, blockOf, blocksOf, flagOf, requiredText, textOf } from './fields.ts'
import { takeDailyMessage } from './limits.ts'
import { E164 } from './lookup.ts'
import type { Org } from './org.ts'
import { conversationToJoin } from './threading.ts'

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
 * `POST /api/v2/conversations/messages/agentless`. What an unknown sender or contact is answered is not documented; assumed is 404 for a deployment, an
 * integration and a contact, 400 for a number that is not provisioned and for an integration of another messenger.
 */
export function sendAgentlessMessage(body: Body, org: Org): SandboxMessage {
  allowFields(body, FIELDS)
  const from = requiredText(body, 'fromAddress')
  const type = requiredText(body, 'toAddressMessengerType')
  const messenger = MESSENGERS.find((one) => one === type)
  if (!messenger) throw invalidField('toAddressMessengerType', `must be one of ${MESSENGERS.join(', ')}.`)
  const toAddress = textOf(body, 'toAddress')
  const joinActive = flagOf(body, 'useExistingActiveConversation')
  const text = contentOf(body, messenger)
  const named = textOf(body, 'externalContactId')

  if (messenger === 'webmessaging') {
    if (toAddress !== undefined) {
      throw invalidField('toAddress', 'is not allowed for webmessaging; use externalContactId.')
    }
    const addressed = requiredText(body, 'externalContactId')
    if (!org.deployments.has(from)) throw notFound('deployment')
    // The message reaches the contact whom a merge left.
    const contactId = org.directory.canonicalOf(addressed)
    if (!org.directory.byId(contactId)) throw notFound('external contact')
    const customers = org.directory.mergeSetOf(contactId)
    return send(org, { messenger, from, contactId, to: '', text }, customers, addressed, joinActive)
  }
  const to = requiredText(body, 'toAddress')
  checkAddresses(messenger, from, to)
  checkSender(messenger, from, org)
  if (named !== undefined && !org.directory.byId(named)) throw notFound('external contact')
  return send(org, { messenger, from, contactId: '', to, text }, [to], named ?? '', joinActive)
}

/** `addressed`: the contact that the request names, which a conversation that begins here keeps. */
function send(
  org: Org,
  message: { messenger: Messenger; from: string; contactId: string; to: string; text: string },
  customers: readonly string[],
  addressed: string,
  joinActive: boolean,
): SandboxMessage {
  const { messenger: channel, from, contactId, to, text } = message
  const joined = conversationToJoin(org, { channel, from, customers }, joinActive)
  takeDailyMessage(org)
  const now = org.clock.now()
  const conversation =
    joined ??
    beginConversation(org.conversations, {
      channel,
      contactId: addressed,
      from,
      to,
      originatingDirection: 'outbound',
      initiator: 'api',
      startedAt: now,
      endedAt: now,
    })
  const sender = { address: from, name: null }
  return acceptMessage(
    org,
    { channel, from: sender, contactId, to, subject: null, text, html: null },
    conversation,
  )
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

/** Numbers have to be the org's own, integrations too, and of the messenger. */
function checkSender(messenger: Messenger, from: string, org: Org): void {
  if (messenger === 'sms') {
    if (!org.smsNumbers.has(from)) throw badRequest(`The number ${from} is not provisioned for sms.`)
    return
  }
  const integration = org.integrations.get(from)
  if (!integration) throw notFound('integration')
  if (integration.messengerType !== messenger) {
    throw badRequest(`The integration ${from} is of ${integration.messengerType}, not of ${messenger}.`)
  }
}
