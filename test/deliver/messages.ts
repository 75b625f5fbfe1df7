import type { LookClaim } from '../../src/ledger/ledger.ts'
import type { Attempt, Message, Policies } from '../../src/message.ts'

/** 2026-11-24T10:00:00Z */
export const NOW = Date.UTC(2026, 10, 24, 10)

export const POLICIES: Policies = {
  mode: 'live',
  findBy: ['externalId', 'email', 'phone'],
  externalSource: { id: 'x', name: 'CRM' },
  template: 'ticket-resolved',
  channels: ['webmessaging', 'email'],
  once: null,
  expireAfterMs: 86_400_000,
  brake: null,
  maxAttempts: 8,
  onUnconfirmed: 'hold',
  requireSessionMs: null,
  activeConversation: 'wait',
  onUndelivered: 'none',
  purpose: 'service',
  oncePerMs: null,
  onRepeat: 'keep',
  quietHours: null,
  cap: null,
  onCap: 'skip',
  countsIn: [],
}

/** A message as it stands in a ledger; `policies` are added to the usual ones. */
export function messageWith({
  policies,
  ...more
}: Partial<Omit<Message, 'policies'>> & { policies?: Partial<Policies> } = {}): Message {
  return {
    id: 7,
    eventId: 3,
    source: 'crm',
    route: 'ticket-resolved',
    state: 'scheduled',
    reason: null,
    code: null,
    customer: {},
    policies: { ...POLICIES, ...policies },
    configVersion: 'test',
    channel: 'webmessaging',
    contactId: null,
    foundBy: null,
    dueAt: NOW,
    expireAt: NOW + 86_400_000,
    attempts: 0,
    failures: 0,
    waits: 0,
    manualBy: null,
    conversationId: null,
    sentAt: null,
    delivery: 'unknown',
    deliveryReason: null,
    session: null,
    waitsItsTurn: false,
    lookAt: null,
    looks: 0,
    lastLook: null,
    wouldSend: null,
    createdAt: NOW,
    updatedAt: NOW,
    ...more,
  }
}

export function attemptWith(more: Partial<Attempt> = {}): Attempt {
  return {
    id: 9,
    messageId: 7,
    number: 1,
    channel: 'webmessaging',
    outcome: 'unconfirmed',
    by: null,
    openedAt: NOW - 60_000,
    settledAt: NOW - 44_000,
    status: null,
    code: 'ECONNABORTED',
    reason: null,
    correlationId: null,
    conversationId: null,
    genesysMessageId: null,
    contactId: 'contact-1',
    address: null,
    rendered: {
      channel: 'webmessaging',
      text: 'Ticket T-1 is resolved.',
      templateVersion: 'ticket-resolved.liquid@1',
    },
    ...more,
  }
}

export function claimWith(
  message: Message,
  attempt: Attempt,
  others: Partial<LookClaim['others']> = {},
): LookClaim {
  return {
    lease: { messageId: message.id, owner: 'test', token: 't' },
    message,
    attempt,
    others: { genesysMessageIds: [], conversationIds: [], unidentified: 0, ...others },
  }
}
