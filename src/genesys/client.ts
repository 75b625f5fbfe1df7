import type { Clock } from '../clock.ts'
import type { Channel } from '../message.ts'
import { NOT_JSON, objectOf, readRejection, readSuccess, type SdkAnswer, textOf } from './answer.ts'
import type { Answer, Contact, Genesys, ListedSource, Sent } from './genesys.ts'
import { createSdk } from './sdk.ts'
import { createTokens } from './token.ts'

export type GenesysOptions = {
  /** `mypurecloud.de` */
  region: string
  /** Another host for login and API; plain http on loopback only. */
  gatewayUrl: string | null
  clientId: string
  clientSecret: string
  clock: Clock
  /** How long a request may take; Genesys' SDK has 16 s. */
  timeoutMs?: number
  /** Waits for a place in the budget: before the one request that is made again, after a token was refused. */
  pace: () => Promise<void>
}

/** Genesys Cloud over its SDK, or any other host that speaks the same API. Throws PostriderError where the gateway is not to be trusted. */
export function createGenesys(options: GenesysOptions): Genesys {
  const sdk = createSdk({ timeoutMs: 16_000, ...options })
  const tokens = createTokens(sdk, options, options.clock)

  /** Makes one request; with a new token once more where the first was refused. */
  async function call<T>(
    request: () => Promise<unknown>,
    read: (body: unknown) => T | undefined,
  ): Promise<Answer<T>> {
    const first = await once(request, read)
    if (first.answer.kind !== 'refused' || first.answer.status !== 401 || !first.token) return first.answer
    tokens.refused(first.token)
    await options.pace()
    return (await once(request, read)).answer
  }

  async function once<T>(request: () => Promise<unknown>, read: (body: unknown) => T | undefined) {
    const token = await tokens.current()
    if (token.kind === 'no-token') return { answer: token, token: null }
    try {
      return { answer: readSuccess((await request()) as SdkAnswer, read), token }
    } catch (rejection) {
      return { answer: readRejection(rejection) as Answer<T>, token }
    }
  }

  return {
    host: sdk.host,

    async findContact(identifier) {
      const answer = await call<Contact | null>(
        () => sdk.contacts.postExternalcontactsIdentifierlookupContacts(identifier),
        contactOf,
      )
      return nobody(answer)
    },

    sendMessage: ({ deploymentId, contactId, text }) =>
      call(
        () =>
          sdk.conversations.postConversationsMessagesAgentless({
            fromAddress: deploymentId,
            toAddressMessengerType: 'webmessaging',
            externalContactId: contactId,
            textBody: text,
          }),
        sentOf,
      ),

    sendEmail: ({ from, replyTo, to, subject, text, html }) =>
      call(
        () =>
          sdk.conversations.postConversationsEmailsAgentless({
            senderType: 'Outbound',
            fromAddress: from,
            toAddresses: [to],
            ...(replyTo ? { replyToAddress: replyTo } : {}),
            subject,
            textBody: text,
            ...(html === null ? {} : { htmlBody: html }),
          }),
        sentOf,
      ),

    async probe(channel) {
      const answer = await call(
        () => emptySend(channel),
        () => null,
      )
      const harmless = answer.kind === 'refused' && answer.status >= 400 && answer.status < 500
      if (!harmless || NOT_FROM_THE_OPERATION.has(answer.status)) return answer
      const { status, correlationId, budget } = answer
      return { kind: 'ok', value: null, status, correlationId, budget }
    },

    async login() {
      const token = await tokens.current()
      if (token.kind === 'no-token') return token
      const budget = { allowed: null, count: null, resetMs: null }
      return { kind: 'ok', value: { expiresAt: token.expiresAt }, status: 200, correlationId: null, budget }
    },

    async getDeployment(id) {
      const answer = await call(
        () => sdk.deployments.getWebdeploymentsDeployment(id),
        (body) => deploymentOf(body, id),
      )
      return nobody(answer)
    },

    async getExternalSources() {
      const sources = new Map<string, ListedSource>()
      let cursor: string | null = null
      for (;;) {
        const answer: Answer<SourcesPage> = await call(
          () =>
            sdk.contacts.getExternalcontactsExternalsources({
              limit: 200,
              ...(cursor === null ? {} : { cursor }),
            }),
          sourcesOf,
        )
        if (answer.kind !== 'ok') return answer
        const before = sources.size
        for (const source of answer.value.sources) sources.set(source.id, source)
        cursor = answer.value.next
        // The last page may have a cursor too: it is over when a page brings nothing new.
        if (cursor === null || sources.size === before) return { ...answer, value: [...sources.values()] }
      }
    },
  }

  function emptySend(channel: Channel): Promise<unknown> {
    return channel === 'email'
      ? sdk.conversations.postConversationsEmailsAgentless({} as never)
      : sdk.conversations.postConversationsMessagesAgentless({} as never)
  }
}

/** Answers that say nothing about whether a proper request would be taken. */
const NOT_FROM_THE_OPERATION: ReadonlySet<number> = new Set([401, 403, 404, 408, 429])

/** 404 of a look-up is an answer to the question, unless it is not Genesys' own (a wrong host, a proxy): that one says nothing. */
function nobody<T>(answer: Answer<T | null>): Answer<T | null> {
  if (answer.kind !== 'refused' || answer.status !== 404 || answer.code === NOT_JSON) return answer
  const { status, correlationId, budget } = answer
  return { kind: 'ok', value: null, status, correlationId, budget }
}

/** After a merge the contact to write to is the canonical one. */
function contactOf(body: unknown): Contact | undefined {
  const contact = objectOf(body)
  const id = textOf(objectOf(contact.canonicalContact).id) ?? textOf(contact.id)
  return id === null ? undefined : { id }
}

/** 202 has no body: sent, without ids. A body that is not an object is not Genesys'. */
function sentOf(body: unknown): Sent | undefined {
  if (body === undefined || body === null || body === '') return { messageId: null, conversationId: null }
  if (typeof body !== 'object') return undefined
  const sent = objectOf(body)
  return { messageId: textOf(sent.id), conversationId: textOf(sent.conversationId) }
}

type SourcesPage = { sources: ListedSource[]; next: string | null }

function sourcesOf(body: unknown): SourcesPage | undefined {
  const { entities, cursors } = objectOf(body)
  if (!Array.isArray(entities)) return undefined
  const sources = entities.map(objectOf).flatMap(({ id, name, active }) => {
    const text = textOf(id)
    return text === null ? [] : [{ id: text, name: textOf(name) ?? '', active: active !== false }]
  })
  return { sources, next: textOf(objectOf(cursors).after) }
}

function deploymentOf(body: unknown, id: string) {
  if (typeof body !== 'object' || body === null) return undefined
  const deployment = objectOf(body)
  return {
    id: textOf(deployment.id) ?? id,
    name: textOf(deployment.name) ?? '',
    status: textOf(deployment.status) ?? 'unknown',
  }
}
