import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '../../src/event.ts'
import type { Attempt, Message, Pause } from '../../src/message.ts'
import { eventTimelineOf, type Moment, timelineOf } from '../../src/ops/timeline.ts'

const AT = Date.UTC(2026, 10, 23, 10, 2, 11)
const SECOND = 1_000
const HOUR = 3_600_000

const event = {
  id: 7,
  source: 'crm',
  type: 'ticket.resolved',
  occurredAt: AT,
  receivedAt: AT,
  state: 'planned',
  reason: null,
  notes: [{ route: 'greet', outcome: 'planned', reason: '' }],
} as unknown as Event

const message = {
  id: 12,
  eventId: 7,
  route: 'greet',
  source: 'crm',
  channel: 'webmessaging',
  state: 'scheduled',
  reason: null,
  code: null,
  contactId: null,
  foundBy: null,
  dueAt: AT,
  expireAt: AT + 24 * HOUR,
  createdAt: AT,
  updatedAt: AT,
  delivery: 'unknown',
  deliveryReason: null,
  waitsItsTurn: false,
  lookAt: null,
  looks: 0,
  lastLook: null,
} as unknown as Message

const attempt = {
  id: 1,
  messageId: 12,
  number: 1,
  channel: 'webmessaging',
  outcome: 'sent',
  by: null,
  openedAt: AT + SECOND,
  settledAt: AT + SECOND,
  status: 200,
  code: null,
  reason: 'Accepted by Genesys Cloud.',
  conversationId: 'c-1',
  contactId: 'k-1',
  address: null,
} as unknown as Attempt

function told(of: Partial<Parameters<typeof timelineOf>[0]>): Moment[] {
  return timelineOf({ message, event, attempts: [], trail: [], pauses: [], now: AT + SECOND, ...of })
}
const texts = (moments: readonly Moment[]) => moments.map(({ text }) => text)

describe('the time line of a message', () => {
  it('says what it waits for, and until when', () => {
    const waits = { ...message, dueAt: AT + 10 * HOUR, reason: 'quiet hours of the customer' } as Message
    const moments = told({ message: waits })
    assert.deepEqual(texts(moments), [
      'received from crm as ticket.resolved',
      'route greet matched',
      'waiting: quiet hours of the customer, until',
      'not sent any more after',
    ])
    assert.deepEqual(
      moments.slice(2).map(({ until }) => until),
      [AT + 10 * HOUR, AT + 24 * HOUR],
    )
  })

  it('says each attempt with its answer, in the order of time', () => {
    const first = {
      ...attempt,
      outcome: 'failed',
      status: 429,
      code: 'too.many',
      reason: 'Slower, retry after 12 s.',
    } as Attempt
    const second = {
      ...attempt,
      id: 2,
      number: 2,
      by: 'ann',
      openedAt: AT + 14 * SECOND,
      settledAt: AT + 20 * SECOND,
    } as Attempt
    const sent = {
      ...message,
      state: 'sent',
      contactId: 'k-1',
      foundBy: 'externalId',
      lookAt: AT + HOUR,
    } as Message
    const trail = [
      {
        id: 1,
        at: AT + 13 * SECOND,
        by: 'ann',
        action: 'message.retry',
        target: { message: 12, force: 'yes' },
        reason: 'she asked',
      },
    ]
    assert.deepEqual(texts(told({ message: sent, attempts: [first, second], trail })), [
      'received from crm as ticket.resolved',
      'route greet matched',
      'contact k-1 found by externalId',
      'attempt 1 over webmessaging: not sent, 429 too.many: Slower, retry after 12 s.',
      're-triggered by force by ann: she asked',
      'attempt 2 over webmessaging for ann: accepted by Genesys, conversation c-1 (the answer took 6 seconds)',
      'sent; delivery unknown; Genesys is asked for it at',
    ])
  })

  it('says how long it waited between two tries of its own', () => {
    const first = {
      ...attempt,
      outcome: 'failed',
      status: 429,
      code: null,
      reason: 'A slower pace.',
    } as Attempt
    const second = {
      ...attempt,
      id: 2,
      number: 2,
      openedAt: AT + 13 * SECOND,
      settledAt: AT + 13 * SECOND,
    } as Attempt
    const moments = texts(
      told({ message: { ...message, state: 'sent' } as Message, attempts: [first, second] }),
    )
    assert.ok(
      moments.includes(
        'attempt 1 over webmessaging: not sent, 429: A slower pace. Tried again 12 seconds later.',
      ),
      moments.join('\n'),
    )
  })

  it('says which pauses hold it, and no others', () => {
    const pause = (scope: Pause['scope'], name: string | null, until: number | null): Pause => ({
      id: 1,
      scope,
      name,
      code: 'operator',
      reason: `${scope} by hand`,
      since: AT,
      until,
      probes: 0,
      by: 'ann',
    })
    const pauses = [
      pause('route', 'greet', null),
      pause('route', 'other', null),
      pause('channel', 'webmessaging', AT + HOUR),
      pause('source', 'shop', null),
    ]
    assert.deepEqual(texts(told({ pauses })).slice(2), [
      'waiting: sending is paused: route by hand',
      'waiting: sending is paused: channel by hand It is tried again, or over, at',
      'not sent any more after',
    ])
  })

  it('says of an unconfirmed message whether somebody must look', () => {
    const lastLook = { at: AT + HOUR, complete: false, saw: 'two conversations' }
    const open = {
      ...attempt,
      outcome: 'unconfirmed',
      status: null,
      code: 'ECONNRESET',
      reason: null,
    } as Attempt
    const held = { ...message, state: 'unconfirmed', looks: 4, lastLook } as Message
    const moments = texts(told({ message: held, attempts: [open], now: AT + 2 * HOUR }))
    assert.ok(moments.includes('attempt 1 over webmessaging: nobody knows whether it was sent, ECONNRESET'))
    assert.ok(moments.includes('look 4 in Genesys: two conversations, and not all could be read'))
    assert.match(moments.at(-1) ?? '', /^unconfirmed, and not looked for any more: somebody must look/)
  })

  it('says late events, and clocks that are ahead', () => {
    assert.match(
      texts(told({ event: { ...event, occurredAt: AT - 2 * HOUR } }))[0] ?? '',
      /, 2 hours after it happened$/,
    )
    assert.match(
      texts(told({ event: { ...event, occurredAt: AT + HOUR } }))[0] ?? '',
      /its sender’s clock is 1 hour ahead$/,
    )
  })
})

describe('the time line of an event', () => {
  it('says what each route made of it', () => {
    const notes = [
      { route: 'greet', outcome: 'planned' as const, reason: '' },
      { route: 'late', outcome: 'condition-false' as const, reason: 'data.x is absent' },
    ]
    const moments = eventTimelineOf({ event: { ...event, notes }, messages: [message], trail: [] })
    assert.deepEqual(texts(moments), [
      'received from crm as ticket.resolved',
      'route greet: matched, a message is planned',
      'route late: its condition is false: data.x is absent',
      'message 12 planned by greet; it is scheduled',
    ])
  })

  it('says why nobody could read it, in red', () => {
    const unreadable = {
      ...event,
      type: '',
      state: 'unreadable',
      reason: 'the body is not JSON',
      notes: [],
    } as Event
    const last = eventTimelineOf({ event: unreadable, messages: [], trail: [] }).at(-1)
    assert.deepEqual([last?.text, last?.tone], ['unreadable: the body is not JSON', 'bad'])
  })
})
