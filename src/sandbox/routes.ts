import { sendAgentlessEmail } from './agentless-email.ts'
import { sendAgentlessMessage } from './agentless-message.ts'
import { queryConversationDetails } from './analytics/conversation-details.ts'
import { getContact } from './contacts.ts'
import type { SandboxMessage } from './conversations.ts'
import { getDeployment, getIdentityResolution } from './deployments.ts'
import { missingPermission } from './errors.ts'
import { listExternalSources } from './external-sources.ts'
import type { Operation } from './faults.ts'
import type { Body } from './fields.ts'
import { listIntegrations } from './integrations.ts'
import { listLimits } from './limits.ts'
import { lookUpContact } from './lookup.ts'
import { getConversation, getMessageDetails, getMessagesInBulk } from './message-data.ts'
import type { Org } from './org.ts'
import { getThreadingTimeline } from './threading.ts'

/** A request as an operation gets it. `id`: the part of the path that names something; `body` or `list`: its JSON, empty where it is not what the route reads. */
export type Asked = { body: Body; list: readonly unknown[]; id: string; query: URLSearchParams }

export type Route = {
  operation: Operation
  method: 'GET' | 'POST'
  path: RegExp
  /** What the real operation asks for. */
  permissions: readonly string[]
  /** Whether it wants all of them, or any. */
  wants: 'all' | 'any'
  /** What its body has to be. */
  reads?: 'object' | 'list'
  act(asked: Asked, org: Org): unknown
}

const VIEW_MESSAGES = ['conversation:message:view', 'conversation:webmessaging:view']

/** Operations of the API by method and path; all answer 200. */
export const ROUTES: readonly Route[] = [
  {
    operation: 'message',
    method: 'POST',
    path: /^\/api\/v2\/conversations\/messages\/agentless$/,
    permissions: ['conversation:message:create'],
    wants: 'all',
    reads: 'object',
    act: ({ body }, org) => ({
      ...sentBody(sendAgentlessMessage(body, org)),
      useExistingActiveConversation: body.useExistingActiveConversation === true,
    }),
  },
  {
    operation: 'lookup',
    method: 'POST',
    path: /^\/api\/v2\/externalcontacts\/identifierlookup\/contacts$/,
    permissions: ['externalContacts:contact:view'],
    wants: 'all',
    reads: 'object',
    act: ({ body }, org) => lookUpContact(body, org),
  },
  {
    operation: 'email',
    method: 'POST',
    path: /^\/api\/v2\/conversations\/emails\/agentless$/,
    permissions: ['conversation:email:create', 'conversation:agentlessEmail:send'],
    wants: 'any',
    reads: 'object',
    act({ body }, org) {
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
    operation: 'analytics',
    method: 'POST',
    path: /^\/api\/v2\/analytics\/conversations\/details\/query$/,
    permissions: ['analytics:conversationDetail:view', 'analytics:agentConversationDetail:view'],
    wants: 'any',
    reads: 'object',
    act: ({ body }, org) => queryConversationDetails(body, org),
  },
  {
    operation: 'conversation',
    method: 'GET',
    path: /^\/api\/v2\/conversations\/messages\/(?!agentless$)([^/]+)$/,
    // Its description names none; that of what lies below it is assumed.
    permissions: ['conversation:message:view'],
    wants: 'all',
    act: ({ id }, org) => getConversation(org, id),
  },
  {
    operation: 'bulk',
    method: 'POST',
    path: /^\/api\/v2\/conversations\/messages\/([^/]+)\/messages\/bulk$/,
    permissions: VIEW_MESSAGES,
    wants: 'any',
    reads: 'list',
    act: ({ id, list }, org) => getMessagesInBulk(org, id, list),
  },
  {
    operation: 'details',
    method: 'GET',
    path: /^\/api\/v2\/conversations\/messages\/([^/]+)\/details$/,
    permissions: VIEW_MESSAGES,
    wants: 'any',
    act: ({ id }, org) => getMessageDetails(org, id),
  },
  {
    operation: 'contact',
    method: 'GET',
    path: /^\/api\/v2\/externalcontacts\/contacts\/([^/]+)$/,
    permissions: ['relate:contact:view', 'externalContacts:contact:view'],
    wants: 'any',
    act: ({ id }, org) => getContact(org, id),
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
    wants: 'any',
    act: ({ query }, org) => listExternalSources(query, org),
  },
  {
    operation: 'other',
    method: 'GET',
    path: /^\/api\/v2\/webdeployments\/deployments\/([^/]+)$/,
    permissions: ['webDeployments:deployment:view'],
    wants: 'all',
    act: ({ id }, org) => getDeployment(org, id),
  },
  {
    operation: 'other',
    method: 'GET',
    path: /^\/api\/v2\/webdeployments\/deployments\/([^/]+)\/identityresolution$/,
    permissions: ['webDeployments:deployment:view', 'webDeployments:identityResolution:view'],
    wants: 'all',
    act: ({ id }, org) => getIdentityResolution(org, id),
  },
  {
    operation: 'other',
    method: 'GET',
    path: /^\/api\/v2\/conversations\/messaging\/integrations$/,
    permissions: ['messaging:integration:view'],
    wants: 'all',
    act: ({ query }, org) => listIntegrations(query, org),
  },
  {
    operation: 'other',
    method: 'GET',
    path: /^\/api\/v2\/conversations\/messaging\/threadingtimeline$/,
    permissions: ['conversation:threadingTimeline:view'],
    wants: 'all',
    act: (_, org) => getThreadingTimeline(org),
  },
  {
    operation: 'other',
    method: 'GET',
    path: /^\/api\/v2\/organizations\/limits\/namespaces\/([^/]+)$/,
    permissions: [],
    wants: 'any',
    act: ({ id }, org) => listLimits(org, id),
  },
  {
    operation: 'other',
    method: 'GET',
    path: /^\/api\/v2\/tokens\/me$/,
    permissions: [],
    wants: 'any',
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

function sentBody({ id, conversationId, channel, from, to, at }: SandboxMessage) {
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

/** Throws 403 where the client's roles lack what the operation asks for. */
export function requirePermission({ permissions, wants }: Route, missing: ReadonlySet<string>): void {
  const lacking = permissions.filter((one) => missing.has(one))
  if (lacking.length === 0) return
  if (wants === 'all') throw missingPermission(lacking, wants)
  if (lacking.length === permissions.length) throw missingPermission(permissions, wants)
}

/** Which operation a request means, for faults and counts. */
export function operationOf(method: string, path: string): Operation {
  if (path === TOKEN_PATH) return 'token'
  return ROUTES.find((route) => route.method === method && route.path.test(path))?.operation ?? 'other'
}

export const TOKEN_PATH = '/oauth/token'
