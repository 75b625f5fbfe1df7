import type { SchemaObject } from 'ajv'

/** An operation of Genesys Cloud's API as Postrider calls it, by the name that the SDK has for it. */
export type Operation = {
  name: string
  method: 'GET' | 'POST'
  /** `/api/v2/conversations/messages/{messageId}/details` */
  path: string
  /** Of its parameters, each a single value. */
  query: SchemaObject
  /** Null: it has none. */
  body: SchemaObject | null
  /** Postrider also asks it with `{}`, which can address nobody, to learn whether it answers. */
  isProbed?: boolean
}

/*
 * What requests may look like: the API's own rules (descriptions of the SDK 262.0.0 and of the .NET SDK 270.0.0), and narrower where Postrider uses less than
 * there is. All fields are named: an unknown one may be passed over by the API, and is then a setting that does nothing.
 */

/** An object of just these fields; `required` where nothing else is said are all of them. */
function object(properties: Readonly<Record<string, SchemaObject>>, required = Object.keys(properties)) {
  return { type: 'object', properties, required, additionalProperties: false }
}

/** Blank is what the API takes for absent. */
const TEXT = { type: 'string', pattern: '\\S' }
const E164 = { type: 'string', pattern: '^\\+[1-9]\\d{6,14}$' }
/** The API's WhatsApp ID: the number without its plus. */
const WHATSAPP_ID = { type: 'string', pattern: '^[1-9]\\d{6,14}$' }
const EMAIL = { type: 'string', pattern: '^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$' }
const FLAG = { type: 'boolean' }
const page = (least: number, most: number) => ({ type: 'integer', minimum: least, maximum: most })
const NO_QUERY = object({})

const PARAMETERS = { type: 'array', items: object({ id: TEXT, value: TEXT }) }
const TEMPLATE = object(
  {
    responseId: TEXT,
    headerParameters: PARAMETERS,
    bodyParameters: PARAMETERS,
    buttonUrlParameters: PARAMETERS,
  },
  ['responseId'],
)

/** A message of one messenger: its other fields, all of them required, and whether it joins an active conversation. */
function messageOf(messenger: string, fields: Readonly<Record<string, SchemaObject>>) {
  const all = { fromAddress: TEXT, toAddressMessengerType: { const: messenger }, ...fields }
  return object({ ...all, useExistingActiveConversation: FLAG }, Object.keys(all))
}

/** Webmessaging names its customer by contact and allows no toAddress. WhatsApp takes approved templates only, open only text. */
const MESSAGE = {
  type: 'object',
  discriminator: { propertyName: 'toAddressMessengerType' },
  required: ['toAddressMessengerType'],
  oneOf: [
    messageOf('webmessaging', { externalContactId: TEXT, textBody: { ...TEXT, maxLength: 2000 } }),
    messageOf('sms', { fromAddress: E164, toAddress: E164, textBody: { ...TEXT, maxLength: 765 } }),
    messageOf('open', { toAddress: TEXT, textBody: { ...TEXT, maxLength: 2000 } }),
    messageOf('whatsapp', { toAddress: WHATSAPP_ID, messagingTemplate: TEMPLATE }),
  ],
}

const ADDRESS = object({ email: EMAIL, name: TEXT }, ['email'])
/** One recipient, as the description says. Subject and text are optional to the API; an email of Postrider's has both. */
const MAIL = object(
  {
    senderType: { const: 'Outbound' },
    fromAddress: ADDRESS,
    toAddresses: { type: 'array', items: ADDRESS, minItems: 1, maxItems: 1 },
    replyToAddress: ADDRESS,
    subject: TEXT,
    textBody: TEXT,
    htmlBody: TEXT,
  },
  ['senderType', 'fromAddress', 'toAddresses', 'subject', 'textBody'],
)

/** The name of an external source is required by the schema, though its id decides. */
const IDENTIFIER = {
  type: 'object',
  discriminator: { propertyName: 'type' },
  required: ['type'],
  oneOf: [
    object({
      type: { const: 'ExternalId' },
      value: { ...TEXT, maxLength: 255 },
      externalSource: object({ id: TEXT, name: { ...TEXT, maxLength: 200 } }),
    }),
    object({ type: { const: 'Email' }, value: { ...EMAIL, maxLength: 255 } }),
    object({ type: { const: 'Phone' }, value: E164 }),
  ],
}

/** A predicate of a dimension; type and operator may be left out. */
function predicate(dimensions: readonly string[], value: SchemaObject) {
  const dimension = { enum: dimensions }
  return object({ type: { const: 'dimension' }, dimension, operator: { const: 'matches' }, value }, [
    'dimension',
    'value',
  ])
}

const WHOSE = ['externalContactId', 'addressTo', 'addressFrom']
/** A list of these predicates, of which one at least names somebody. */
function predicates(...those: SchemaObject[]) {
  const discriminator = { propertyName: 'dimension' }
  const items = { type: 'object', discriminator, required: ['dimension'], oneOf: those }
  return { type: 'array', items, minItems: 1 }
}
const NAMES_SOMEBODY = predicate(WHOSE, TEXT)
const SAYS_WHAT = [
  predicate(['mediaType'], { enum: ['message', 'email'] }),
  predicate(['messageType'], { enum: ['webmessaging', 'sms', 'open', 'whatsapp'] }),
]

/** At most 31 days, newest first. One filter has to name somebody, and an `or` nothing else: anything more would ask for everybody's conversations. */
const CONVERSATIONS = object({
  interval: { type: 'string', intervalOfDays: 31 },
  order: { const: 'desc' },
  orderBy: { const: 'conversationStart' },
  paging: object({ pageSize: page(1, 100), pageNumber: page(1, 100_000) }),
  segmentFilters: {
    type: 'array',
    items: {
      type: 'object',
      discriminator: { propertyName: 'type' },
      required: ['type'],
      oneOf: [
        object({ type: { const: 'and' }, predicates: predicates(NAMES_SOMEBODY, ...SAYS_WHAT) }),
        object({ type: { const: 'or' }, predicates: predicates(NAMES_SOMEBODY) }),
      ],
    },
    contains: {
      type: 'object',
      required: ['predicates'],
      properties: { predicates: { type: 'array', contains: NAMES_SOMEBODY } },
    },
  },
})

/** All that `src/genesys` calls. */
export const OPERATIONS: readonly Operation[] = [
  {
    name: 'postConversationsMessagesAgentless',
    method: 'POST',
    path: '/api/v2/conversations/messages/agentless',
    query: NO_QUERY,
    body: MESSAGE,
    isProbed: true,
  },
  {
    name: 'postConversationsEmailsAgentless',
    method: 'POST',
    path: '/api/v2/conversations/emails/agentless',
    query: NO_QUERY,
    body: MAIL,
    isProbed: true,
  },
  {
    name: 'postExternalcontactsIdentifierlookupContacts',
    method: 'POST',
    path: '/api/v2/externalcontacts/identifierlookup/contacts',
    query: NO_QUERY,
    body: IDENTIFIER,
  },
  {
    name: 'getExternalcontactsContact',
    method: 'GET',
    path: '/api/v2/externalcontacts/contacts/{contactId}',
    query: NO_QUERY,
    body: null,
  },
  {
    name: 'postAnalyticsConversationsDetailsQuery',
    method: 'POST',
    path: '/api/v2/analytics/conversations/details/query',
    query: NO_QUERY,
    body: CONVERSATIONS,
  },
  {
    name: 'getConversationsMessage',
    method: 'GET',
    path: '/api/v2/conversations/messages/{conversationId}',
    query: NO_QUERY,
    body: null,
  },
  {
    name: 'postConversationsMessageMessagesBulk',
    method: 'POST',
    path: '/api/v2/conversations/messages/{conversationId}/messages/bulk',
    query: NO_QUERY,
    body: { type: 'array', items: TEXT, minItems: 1, maxItems: 1000 },
  },
  {
    name: 'getConversationsMessageDetails',
    method: 'GET',
    path: '/api/v2/conversations/messages/{messageId}/details',
    query: NO_QUERY,
    body: null,
  },
  {
    name: 'getExternalcontactsExternalsources',
    method: 'GET',
    path: '/api/v2/externalcontacts/externalsources',
    query: object({ limit: page(10, 200), cursor: TEXT }, ['limit']),
    body: null,
  },
  {
    name: 'getConversationsMessagingIntegrations',
    method: 'GET',
    path: '/api/v2/conversations/messaging/integrations',
    query: object({ pageSize: page(1, 100), pageNumber: page(1, 100_000) }),
    body: null,
  },
  {
    name: 'getWebdeploymentsDeployment',
    method: 'GET',
    path: '/api/v2/webdeployments/deployments/{deploymentId}',
    query: NO_QUERY,
    body: null,
  },
  {
    name: 'getWebdeploymentsDeploymentIdentityresolution',
    method: 'GET',
    path: '/api/v2/webdeployments/deployments/{deploymentId}/identityresolution',
    query: NO_QUERY,
    body: null,
  },
]
