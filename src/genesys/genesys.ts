import type { Channel, ExternalSource, MessagingChannel, ResponseTemplate } from '../message.ts'

/**
 * What Postrider asks of Genesys Cloud. Functions of plain data, passed in; `client.ts` makes them over the SDK for any host
 * that speaks the API. No function rejects: what can happen is in `Answer`.
 */
export type Genesys = {
  /** The API host, `api.mypurecloud.de` or `127.0.0.1:4010`: what a ledger remembers. */
  host: string
  /** `POST /api/v2/externalcontacts/identifierlookup/contacts`; null: nobody has this identifier. Exact match. */
  findContact(identifier: Identifier): Promise<Answer<Contact | null>>
  /** `POST /api/v2/conversations/messages/agentless`. */
  sendMessage(message: OutboundMessage): Promise<Answer<Sent>>
  /** `POST /api/v2/conversations/emails/agentless`. */
  sendEmail(email: OutboundEmail): Promise<Answer<Sent>>
  /**
   * The channel's send operation with an empty request, which can address nobody and is answered 400: tells whether it answers at all,
   * and 403 where the permission is missing.
   */
  probe(channel: Channel): Promise<Answer<null>>
  /** Logs in anew; the token itself stays inside. */
  login(): Promise<Answer<{ expiresAt: number }>>
  /** `GET /api/v2/webdeployments/deployments/{id}`; null: there is none. */
  getDeployment(id: string): Promise<Answer<{ id: string; name: string; status: string } | null>>
  /** `GET /api/v2/externalcontacts/externalsources`, all pages. */
  getExternalSources(): Promise<Answer<readonly ListedSource[]>>
  /** `GET /api/v2/externalcontacts/contacts/{id}`; null: there is none. Tells what a contact was merged into since it was found. */
  getContact(id: string): Promise<Answer<Contact | null>>
  /** `POST /api/v2/analytics/conversations/details/query`: one page, newest first. Lags behind by minutes. */
  findConversations(query: ConversationQuery): Promise<Answer<ConversationPage>>
  /** `GET /api/v2/conversations/messages/{conversationId}`: which messages it holds; null: there is no such conversation. */
  getConversation(conversationId: string): Promise<Answer<ConversationMessages | null>>
  /** `POST /api/v2/conversations/messages/{conversationId}/messages/bulk`: the texts of up to 1,000 messages of it. */
  getMessages(conversationId: string, messageIds: readonly string[]): Promise<Answer<readonly SeenMessage[]>>
  /** `GET /api/v2/conversations/messages/{messageId}/details`: what became of a message; null: Genesys does not know it. */
  getDelivery(messageId: string): Promise<Answer<Delivery | null>>
  /** `GET /api/v2/conversations/messaging/integrations`, all pages. */
  getIntegrations(): Promise<Answer<readonly ListedIntegration[]>>
  /** `GET /api/v2/webdeployments/deployments/{id}/identityresolution`: whether guests are matched to contacts; null: nothing is configured. */
  getIdentityResolution(deploymentId: string): Promise<Answer<IdentityResolution | null>>
}

/**
 * Which conversations: of these contacts, or with these addresses (any of them), that began between `from` and `to` (epoch milliseconds, at most 31
 * days apart). `messageType` goes with mediaType message. `page`: from 1; a page has at most 100.
 */
export type ConversationQuery = {
  of: { contactIds: readonly string[] } | { addresses: readonly string[] }
  mediaType: 'message' | 'email'
  messageType: MessagingChannel | null
  from: number
  to: number
  page: number
  pageSize: number
}

/** `more`: there may be a next page. */
export type ConversationPage = { conversations: readonly ListedConversation[]; more: boolean }

/** `direction`: who began it; null where analytics do not say. `subjects`: of the emails in it. */
export type ListedConversation = {
  id: string
  startedAt: number
  endedAt: number | null
  direction: 'inbound' | 'outbound' | null
  subjects: readonly string[]
}

/** `at`: epoch milliseconds; null where Genesys says none. */
export type ConversationMessages = { messages: readonly { id: string; at: number | null }[] }

export type SeenMessage = {
  id: string
  at: number | null
  direction: 'inbound' | 'outbound' | null
  text: string | null
}

/** `status` as Genesys has it: queued, sent, failed, received, delivery-success, delivery-failed, read, removed, published. `reasons`: of receipts that failed. */
export type Delivery = { status: string; reasons: readonly string[] }

/** `messengerType`: sms, whatsapp, open, … */
export type ListedIntegration = { id: string; name: string; messengerType: string; status: string }

/** Whether guests of a deployment become contacts, and by which external source. */
export type IdentityResolution = { resolves: boolean; externalSourceId: string | null }

/** An external source as the org lists it. */
export type ListedSource = { id: string; name: string; active: boolean }

/** `type` as the look-up wants it; `externalSource` goes with ExternalId only. `value`: at most 255 characters. */
export type Identifier =
  | { type: 'ExternalId'; value: string; externalSource: ExternalSource }
  | { type: 'Email' | 'Phone'; value: string }

/**
 * `id` is the contact to write to: where the look-up names a canonicalContact (after a merge), that one. `ids`: all that it was merged from too, under
 * which older conversations stand.
 */
export type Contact = { id: string; ids: readonly string[] }

/**
 * `joinActive`: goes into a conversation that is active, instead of being refused. `to`: sms E.164, whatsapp digits without +, open whatever the integration
 * knows. `from`: the deployment of the messenger, the number, the integration.
 */
export type OutboundMessage = { from: string; joinActive: boolean } & (
  | { channel: 'webmessaging'; contactId: string; text: string }
  | { channel: 'sms' | 'open'; to: string; text: string }
  | { channel: 'whatsapp'; to: string; template: ResponseTemplate }
)

export type OutboundEmail = {
  from: { email: string; name?: string }
  replyTo: { email: string; name?: string } | null
  to: { email: string; name?: string }
  subject: string
  text: string
  html: string | null
}

/** Both may be absent: 202 has no body. */
export type Sent = { messageId: string | null; conversationId: string | null }

/** What came back. Messages are Genesys' or the network's own words, at most 500 characters; never a token or a secret. */
export type Answer<T> =
  | { kind: 'ok'; value: T; status: number; correlationId: string | null; budget: BudgetReading }
  /** An answer other than success. */
  | {
      kind: 'refused'
      status: number
      code: string | null
      message: string
      retryAfterMs: number | null
      /** For `missing.permissions`: which. */
      missingPermissions: readonly string[]
      /** The fields that the answer finds fault with, as `details[].fieldName` has them. */
      fields: readonly string[]
      correlationId: string | null
      budget: BudgetReading
    }
  /** Certainly never reached Genesys: refused connection, DNS, TLS, no route. `code` is the system's: ECONNREFUSED, ENOTFOUND, … */
  | { kind: 'unreached'; code: string; message: string }
  /** The request may have been written and acted on: time-out, reset, an answer cut short. */
  | { kind: 'uncertain'; code: string; message: string }
  /** No token, so the request was not made. `status` is the login's; null where none came. */
  | {
      kind: 'no-token'
      status: number | null
      code: string | null
      message: string
      retryAfterMs: number | null
    }

/** `inin-ratelimit-*` as read from an answer; null where absent. */
export type BudgetReading = { allowed: number | null; count: number | null; resetMs: number | null }
