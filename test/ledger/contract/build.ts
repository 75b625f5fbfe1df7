import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Headers, Undelivered } from '../../../src/event.ts'
import type {
  AttemptDraft,
  Claim,
  Ledger,
  LookClaim,
  Plan,
  Recordable,
  Settlement,
} from '../../../src/ledger/ledger.ts'
import type { Attempt, Message, PlannedMessage, Policies } from '../../../src/message.ts'
import type { Harness } from '../contract.ts'

/** Runs a test on a fresh database that is removed after it, with its first ledger open. */
export function onLedger(fresh: () => Promise<Harness>) {
  return (name: string, body: (ledger: Ledger, harness: Harness) => Promise<void>): void => {
    test(name, async () => {
      const harness = await fresh()
      try {
        await body(await harness.open(), harness)
      } finally {
        await harness.dispose()
      }
    })
  }
}

/** Takes one call from the budget; how long it waits, in milliseconds. */
export async function waitOf(ledger: Ledger, perMinute: number): Promise<number> {
  const [waitMs = Number.NaN] = await ledger.takeBudget(perMinute, 1)
  return waitMs
}

export const HOUR = 3_600_000
export const DAY = 24 * HOUR

const POLICIES: Policies = {
  mode: 'live',
  findBy: ['externalId', 'email', 'phone'],
  externalSource: null,
  template: 'hello',
  channels: ['webmessaging', 'email'],
  once: null,
  expireAfterMs: DAY,
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

export function planned(
  now: number,
  { policies, ...message }: Partial<Omit<PlannedMessage, 'policies'>> & { policies?: Partial<Policies> } = {},
): PlannedMessage {
  return {
    route: 'greet',
    state: 'scheduled',
    reason: null,
    code: null,
    customer: { externalId: 'c-1', email: 'Ann@Example.com', phone: '+1 317 555 0100' },
    dueAt: now,
    expireAt: now + DAY,
    names: [],
    cancelKeys: [],
    ...message,
    policies: { ...POLICIES, ...policies },
  }
}

export function plan(messages: readonly PlannedMessage[], rest: Partial<Plan> = {}): Plan {
  return {
    state: messages.length > 0 ? 'planned' : 'unrouted',
    reason: messages.length > 0 ? null : 'No route listens to it.',
    notes: messages.map(({ route }) => ({ route, outcome: 'planned', reason: '' })),
    messages,
    configVersion: 'c0ffee',
    cancels: [],
    names: [],
    consent: null,
    suppress: null,
    ...rest,
  }
}

export function entry(
  now: number,
  key: string,
  messages: readonly PlannedMessage[] = [],
  rest: {
    type?: string
    /** The type where it says nothing. */
    senderType?: string
    subject?: string
    headers?: Headers
    source?: string
    keepKeyForMs?: number
    raw?: Buffer
    /** The present where it says nothing. */
    occurredAt?: number
    undelivered?: Undelivered
    keyIsUnsigned?: boolean
    /** What else the event says. */
    said?: Partial<Plan>
  } = {},
): Recordable {
  const {
    type = 'ticket.resolved',
    senderType = type,
    subject = null,
    headers = {},
    source = 'crm',
    keepKeyForMs = 30 * DAY,
    occurredAt = now,
    undelivered,
    keyIsUnsigned = false,
  } = rest
  const raw = rest.raw ?? Buffer.from(`{"key":"${key}"}`)
  return {
    kind: 'event',
    event: {
      source,
      type,
      senderType,
      key,
      subject,
      occurredAt,
      receivedAt: now,
      customer: {},
      isTest: false,
      raw,
      headers,
      payload: {},
      ...(keyIsUnsigned ? { keyIsUnsigned } : {}),
      ...(undelivered ? { undelivered } : {}),
    },
    plan: plan(messages, rest.said),
    keepKeyForMs,
  }
}

/** A delivery that could not be read. */
export function unreadable(
  now: number,
  key: string,
  { raw = Buffer.from('{"half'), ...rest }: { raw?: Buffer; headers?: Headers; keyIsUnsigned?: boolean } = {},
): Recordable {
  return {
    kind: 'unreadable',
    event: { source: 'crm', key, receivedAt: now, raw, headers: {}, reason: 'Not JSON.', ...rest },
    configVersion: 'c',
    keepKeyForMs: DAY,
  }
}

let lastKey = 0

/** Records one event; its id, and those of its messages. */
export async function happens(
  ledger: Ledger,
  { clock }: Harness,
  { messages = [], ...rest }: { messages?: readonly PlannedMessage[] } & Parameters<typeof entry>[3] = {},
): Promise<{ eventId: number; messageIds: readonly number[] }> {
  lastKey += 1
  const [recorded] = await ledger.record([entry(clock.now(), `key-${lastKey}`, messages, rest)])
  assert.ok(recorded?.kind === 'recorded', recorded?.kind)
  return recorded
}

/** Records one event with one message; the message's id. */
export async function schedule(
  ledger: Ledger,
  { clock }: Harness,
  message: Parameters<typeof planned>[1] = {},
  source = 'crm',
): Promise<number> {
  lastKey += 1
  const now = clock.now()
  const [recorded] = await ledger.record([entry(now, `key-${lastKey}`, [planned(now, message)], { source })])
  assert.ok(recorded?.kind === 'recorded')
  const [id] = recorded.messageIds
  assert.ok(id !== undefined)
  return id
}

export type Claimed = Claim['messages'][number]

export async function claimAll(ledger: Ledger, limit = 10, owner = 'worker'): Promise<readonly Claimed[]> {
  return (await ledger.claim({ owner, limit, leaseMs: 60_000 })).messages
}

/** Claims and expects exactly one message. */
export async function claimOne(ledger: Ledger): Promise<Claimed> {
  const [claimed, ...others] = await claimAll(ledger)
  assert.equal(others.length, 0)
  assert.ok(claimed, 'a message is due')
  return claimed
}

export async function claimLooks(
  ledger: Ledger,
  of: 'unconfirmed' | 'sent' = 'unconfirmed',
  limit = 10,
): Promise<readonly LookClaim[]> {
  return ledger.claimLooks({ of, owner: 'worker', limit, leaseMs: 60_000 })
}

/** Claims and expects exactly one message to be looked for. */
export async function claimLook(
  ledger: Ledger,
  of: 'unconfirmed' | 'sent' = 'unconfirmed',
): Promise<LookClaim> {
  const [claimed, ...others] = await claimLooks(ledger, of)
  assert.equal(others.length, 0)
  assert.ok(claimed, 'a message is to be looked for')
  return claimed
}

export function draft(rest: Partial<AttemptDraft> = {}): AttemptDraft {
  return {
    channel: 'webmessaging',
    contactId: 'contact-1',
    foundBy: 'email',
    address: null,
    session: null,
    rendered: { channel: 'webmessaging', text: 'Hello Ann', templateVersion: 'hello.liquid@12345678' },
    mode: 'live',
    ...rest,
  }
}

/** Claims the one due message and opens an attempt on it. */
export async function openOne(ledger: Ledger, rest: Partial<AttemptDraft> = {}): Promise<Attempt> {
  const { lease } = await claimOne(ledger)
  const opened = await ledger.open(lease, draft(rest))
  assert.ok(opened.kind === 'open', `opened, not ${opened.kind}`)
  return opened.attempt
}

/** Schedules a message, opens one attempt on it and settles it so; both ids. Nothing else may be due. */
export async function ended(
  ledger: Ledger,
  harness: Harness,
  settlement: Settlement,
  rest: { message?: Parameters<typeof schedule>[2]; opened?: Partial<AttemptDraft> } = {},
): Promise<{ id: number; attemptId: number }> {
  const id = await schedule(ledger, harness, rest.message)
  const attempt = await openOne(ledger, rest.opened)
  assert.equal(await ledger.settle(attempt.id, settlement), true)
  return { id, attemptId: attempt.id }
}

const SETTLED = { status: null, code: null, reason: null, correlationId: null }

type Outcome<Name extends Settlement['outcome']> = Extract<Settlement, { outcome: Name }>

export const SENT: Outcome<'sent'> = {
  ...SETTLED,
  status: 200,
  correlationId: 'corr-1',
  outcome: 'sent',
  conversationId: 'conv-1',
  genesysMessageId: 'gen-1',
  lookInMs: null,
}

export const UNCONFIRMED: Outcome<'unconfirmed'> = {
  ...SETTLED,
  code: 'no-answer',
  reason: 'No answer.',
  outcome: 'unconfirmed',
  messageCode: 'no-answer',
  messageReason: 'Look into the conversation.',
  lookInMs: null,
}

export function failed(
  retryInMs: number | null,
  { counts = 'failure', channel = null }: Partial<Pick<Outcome<'failed'>, 'counts' | 'channel'>> = {},
): Settlement {
  return {
    ...SETTLED,
    status: 400,
    code: 'bad.request',
    reason: 'Genesys said no.',
    outcome: 'failed',
    retryInMs,
    counts,
    channel,
    messageCode: 'rejected',
    messageReason: 'Genesys Cloud rejects it.',
  }
}

export async function messageWith(ledger: Ledger, id: number): Promise<Message> {
  const message = await ledger.reads.message(id)
  assert.ok(message, `message ${id} exists`)
  return message
}

/** Another start, after the instance before ended without a word. */
export async function startAnew(ledger: Ledger, harness: Harness): Promise<Ledger> {
  await ledger.close()
  if (harness.isShared) harness.clock.advance(LONGEST_LEASE_MS)
  return harness.open()
}

/** Of those that tests take. */
const LONGEST_LEASE_MS = 60_000
