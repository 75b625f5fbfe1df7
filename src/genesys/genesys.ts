import type { Channel, ExternalSource } from '../message.ts'

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
}

/** An external source as the org lists it. */
export type ListedSource = { id: string; name: string; active: boolean }

/** `type` as the look-up wants it; `externalSource` goes with ExternalId only. `value`: at most 255 characters. */
export type Identifier =
  | { type: 'ExternalId'; value: string; externalSource: ExternalSource }
  | { type: 'Email' | 'Phone'; value: string }

/** `id` is the contact to write to: where the look-up names a canonicalContact (after a merge), that one. */
export type Contact = { id: string }

export type OutboundMessage = {
  channel: 'webmessaging'
  deploymentId: string
  contactId: string
  text: string
}

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
