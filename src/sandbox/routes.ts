import { sendAgentlessEmail } from './agentless-email.ts'
import { sendAgentlessMessage } from './agentless-message.ts'
import { missingPermission, notFound } from './errors.ts'
import { listExternalSources } from './external-sources.ts'
import type { Operation } from './faults.ts'
import type { Body } from './fields.ts'
import { lookUpContact } from './lookup.ts'
import type { Org, SandboxMessage } from './org.ts'

export type Route = {
  operation: Operation
  method: 'GET' | 'POST'
  path: RegExp
  /** What the real operation asks for; one of them is enough. */
  permissions: readonly string[]
  /** `id`: the part of the path that names something. */
  act(body: Body, org: Org, id: string, query: URLSearchParams): unknown
}

/** Operations of the API by method and path; all answer 200. */
export const ROUTES: readonly Route[] = [
  {
    operation: 'lookup',
    method: 'POST',
    path: /^\/api\/v2\/externalcontacts\/identifierlookup\/contacts$/,
    permissions: ['externalContacts:contact:view'],
    act: lookUpContact,
  },
  {
    operation: 'other',
    method: 'GET',
    path: /^\/api\/v2\/externalcontacts\/externalsources$/,
    permissions: [
      'externalContacts:externalSource:view',
      'externalContacts:contact:view',
      'externalContacts:externalOrganization:view',
    ],
    act: (_body, org, _id, query) => listExternalSources(query, org),
  },
  {
    operation: 'message',
    method: 'POST',
    path: /^\/api\/v2\/conversations\/messages\/agentless$/,
    permissions: ['conversation:message:create'],
    act: (body, org) => ({
      ...messageBody(sendAgentlessMessage(body, org)),
      useExistingActiveConversation: body.useExistingActiveConversation === true,
    }),
  },
  {
    operation: 'email',
    method: 'POST',
    path: /^\/api\/v2\/conversations\/emails\/agentless$/,
    permissions: ['conversation:email:create', 'conversation:agentlessEmail:send'],
    act(body, org) {
      const { id, conversationId, at } = sendAgentlessEmail(body, org)
      const { senderType, fromAddress, toAddresses, replyToAddress, subject } = body
      const dateCreated = new Date(at).toISOString()
      return {
        id,
        conversationId,
        senderType,
        fromAddress,
        toAddresses,
        replyToAddress,
        subject,
        dateCreated,
      }
    },
  },
  {
    operation: 'other',
    method: 'GET',
    path: /^\/api\/v2\/webdeployments\/deployments\/([^/]+)$/,
    permissions: ['webDeployments:deployment:view'],
    act(_, org, id) {
      if (!org.deployments.has(id)) throw notFound('deployment')
      const configuration = { id: 'sandbox-configuration', version: '1' }
      return { id, name: 'Sandbox messenger', status: 'Active', allowAllDomains: true, configuration }
    },
  },
  {
    operation: 'other',
    method: 'GET',
    path: /^\/api\/v2\/conversations\/messages\/([^/]+)\/details$/,
    permissions: ['conversation:message:view', 'conversation:webmessaging:view'],
    act(_, org, id) {
      const message = org.messages.find((one) => one.id === id && one.channel !== 'email')
      if (!message) throw notFound('message')
      return {
        ...messageBody(message),
        direction: 'outbound',
        status: 'sent',
        normalizedMessage: { id, type: 'Text', text: message.text, direction: 'Outbound' },
      }
    },
  },
  {
    operation: 'other',
    method: 'GET',
    path: /^\/api\/v2\/tokens\/me$/,
    permissions: [],
    act: () => ({
      organization: { id: 'sandbox', name: 'Sandbox' },
      homeOrganization: { id: 'sandbox', name: 'Sandbox' },
      OAuthClient: {
        id: 'sandbox-client',
        name: 'Sandbox client',
        authorizedGrantType: 'CLIENT-CREDENTIALS',
      },
    }),
  },
]

function messageBody({ id, conversationId, channel, from, to, at }: SandboxMessage) {
  return {
    id,
    conversationId,
    fromAddress: from.address,
    ...(to === '' ? {} : { toAddress: to }),
    messengerType: channel,
    timestamp: new Date(at).toISOString(),
    selfUri: `/api/v2/conversations/messages/${id}/details`,
  }
}

/** Throws 403 where the client's roles have none of what the operation asks for. */
export function requirePermission({ permissions }: Route, missing: ReadonlySet<string>): void {
  if (permissions.length > 0 && permissions.every((one) => missing.has(one)))
    throw missingPermission(permissions)
}

/** Which operation a request means, for faults and counts. */
export function operationOf(method: string, path: string): Operation {
  if (path === TOKEN_PATH) return 'token'
  return ROUTES.find((route) => route.method === method && route.path.test(path))?.operation ?? 'other'
}

export const TOKEN_PATH = '/oauth/token'
