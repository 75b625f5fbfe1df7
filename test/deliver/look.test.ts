import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { look, verdictOf } from '../../src/deliver/look.ts'
import type { Sight } from '../../src/deliver/search.ts'
import type { Answer, ConversationQuery, ListedConversation, SeenMessage } from '../../src/genesys/genesys.ts'
import type { LookClaim, LookResult } from '../../src/ledger/ledger.ts'
import { ANALYTICS_LAG_MS, type Channel, LOOK_WAITS_MS } from '../../src/message.ts'
import { createManualClock } from '../manual-clock.ts'
import { testLog } from '../test-log.ts'
import { answered, NO_ANSWER, refused } from './answers.ts'
import { attemptWith, claimWith, messageWith, NOW } from './messages.ts'

const ABSENT: Sight = { kind: 'not-found', complete: true, answered: true, saw: 'nothing' }
const PARTLY: Sight = { kind: 'not-found', complete: false, answered: true, saw: 'half of it' }
const UNANSWERED: Sight = { kind: 'not-found', complete: false, answered: false, saw: 'silence' }
const RESEND = { onUnconfirmed: 'resend-if-absent' } as const
const MINUTE = 60_000
/** A message whose attempt was given up so many minutes ago. */
const after = (minutes: number, more: Parameters<typeof messageWith>[0] = {}) => ({
  message: messageWith({ state: 'unconfirmed', ...more }),
  attempt: attemptWith({ settledAt: NOW - minutes * MINUTE }),
})

describe('verdictOf', () => {
  it('found: sent, whatever was seen before', () => {
    const sight: Sight = { kind: 'found', conversationId: 'c', genesysMessageId: 'm', saw: 'message m' }
    for (const lastLook of [null, { at: NOW - 3_600_000, complete: true, saw: '' }]) {
      const result = verdictOf(after(6, { lastLook, policies: RESEND }), sight, NOW)
      assert.ok(result.kind === 'found')
      assert.equal(result.conversationId, 'c')
    }
  })

  it('hold: looks 1, 6, 26 and 86 minutes after, then waits for an operator with what was seen', () => {
    for (const sight of [ABSENT, PARTLY]) {
      const waits = [1, 6, 26, 86].map((minutes) => {
        const lastLook = { at: NOW - 3_600_000, complete: true, saw: '' }
        const result = verdictOf(after(minutes, { lastLook }), sight, NOW)
        assert.ok(result.kind === 'held')
        assert.match(result.reason, new RegExp(`${sight.saw}.*messages settle 7`))
        return result.againInMs === null ? null : result.againInMs / MINUTE
      })
      assert.deepEqual(waits, [5, 20, 60, null])
    }
  })

  it('a look that was not answered is repeated, ever more seldom, for a day', () => {
    for (const policies of [{}, RESEND]) {
      const waits = [1, 10, 86, 600, 1439, 1440].map((minutes) => {
        const result = verdictOf(after(minutes, { policies }), UNANSWERED, NOW)
        assert.ok(result.kind === 'held')
        return result.againInMs === null ? null : result.againInMs / MINUTE
      })
      assert.deepEqual(waits, [1, 2.5, 21.5, 60, 60, null])
    }
  })

  it('resend-if-absent: only two complete looks, farther apart than analytics lag, send it again', () => {
    fc.assert(
      fc.property(
        fc.record({
          before: fc.option(
            fc.record({ agoMs: fc.integer({ min: 0, max: 2 * ANALYTICS_LAG_MS }), complete: fc.boolean() }),
            { nil: null },
          ),
          sight: fc.constantFrom(ABSENT, PARTLY, UNANSWERED),
          minutes: fc.nat(3000),
          failures: fc.nat(9),
        }),
        ({ before, sight, minutes, failures }) => {
          const lastLook = before && { at: NOW - before.agoMs, complete: before.complete, saw: '' }
          const result = verdictOf(after(minutes, { lastLook, failures, policies: RESEND }), sight, NOW)
          const agree = before?.complete === true && before.agoMs >= ANALYTICS_LAG_MS
          const known = sight === ABSENT && agree && minutes >= 26
          assert.equal(result.kind, known ? 'absent' : 'held')
          if (result.kind === 'absent') assert.equal(result.again, failures + 1 < 8)
          const isFirst = sight === ABSENT && before?.complete !== true
          if (result.kind === 'held') assert.equal(result.againInMs === null, minutes >= 1440 && !isFirst)
        },
      ),
    )
  })

  it('the looks of the plan are far enough apart to agree', () => {
    assert.ok(Math.max(...LOOK_WAITS_MS.slice(1, 3)) >= ANALYTICS_LAG_MS)
  })
})

type World = {
  contact?: Answer<{ id: string; ids: string[] } | null>
  pages?: Answer<{ conversations: ListedConversation[]; more: boolean }>[]
  /** By conversation: what it holds. */
  messages?: Record<string, SeenMessage[]>
  broken?: Answer<never>
  brokenTexts?: Answer<never>
}

const conversation = (id: string, more: Partial<ListedConversation> = {}): ListedConversation => ({
  id,
  startedAt: NOW - 21 * 86_400_000,
  endedAt: null,
  direction: 'outbound',
  subjects: [],
  ...more,
})
const seen = (
  id: string,
  at: number,
  text: string | null,
  direction: SeenMessage['direction'] = 'outbound',
): SeenMessage => ({ id, at, direction, text })
const TEXT = 'Ticket T-1 is resolved.'

/** Looks in a world that is made up; answers what the ledger was told and what was asked. */
async function lookIn(claim: LookClaim, world: World) {
  const told: LookResult[] = []
  const queries: ConversationQuery[] = []
  const asked: string[] = []
  const clock = createManualClock(NOW)
  await look(claim, {
    ledger: {
      async settleLook(_lease, _attempt, result) {
        told.push(result)
        return true
      },
    },
    genesys: {
      async getContact(id) {
        asked.push(`contact ${id}`)
        return world.contact ?? answered({ id, ids: [id] })
      },
      async findConversations(query) {
        queries.push(query)
        return (
          world.pages?.[query.page - 1] ??
          answered({
            conversations: Object.keys(world.messages ?? {}).map((id) => conversation(id)),
            more: false,
          })
        )
      },
      async getConversation(id) {
        asked.push(`conversation ${id}`)
        if (world.broken) return world.broken
        const held = world.messages?.[id]
        return answered(held ? { messages: held.map(({ id: one, at }) => ({ id: one, at })) } : null)
      },
      async getMessages(id, ids) {
        asked.push(`texts ${ids.join(' ')}`)
        if (world.brokenTexts) return world.brokenTexts
        return answered((world.messages?.[id] ?? []).filter((one) => ids.includes(one.id)))
      },
    },
    clock,
    log: testLog(),
    stopping: new AbortController().signal,
  })
  const [result] = told
  assert.ok(result)
  return { result, queries, asked }
}

const claim = (more: Partial<LookClaim['others']> = {}, channel: Channel = 'webmessaging') =>
  claimWith(
    messageWith({ state: 'unconfirmed', channel }),
    attemptWith({
      channel,
      ...(channel === 'webmessaging'
        ? {}
        : { contactId: null, address: channel === 'email' ? 'ada@example.com' : '+14155550101' }),
    }),
    more,
  )

describe('look', () => {
  it('finds the message in a conversation that began three weeks ago', async () => {
    const { result, queries } = await lookIn(claim(), {
      messages: { old: [seen('m-0', NOW - 86_400_000, TEXT), seen('m-1', NOW - 58_000, `  ${TEXT}\r\n`)] },
    })
    assert.ok(result.kind === 'found')
    assert.deepEqual([result.conversationId, result.genesysMessageId], ['old', 'm-1'])
    // What began since, by whichever clock is ahead; then the 31 days before the attempt.
    const openedAt = NOW - MINUTE
    assert.deepEqual(
      queries.map(({ from, to }) => [from - openedAt, to - openedAt]),
      [
        [-10 * MINUTE, MINUTE],
        [-31 * 86_400_000, 0],
      ].slice(0, queries.length),
    )
    const [query] = queries
    assert.ok(query)
    assert.deepEqual(
      [query.of, query.mediaType, query.messageType],
      [{ contactIds: ['contact-1'] }, 'message', 'webmessaging'],
    )
  })

  it('looks under every id of a contact that was merged since', async () => {
    const { queries } = await lookIn(claim(), {
      contact: answered({ id: 'new', ids: ['new', 'contact-1'] }),
      messages: {},
    })
    assert.deepEqual(queries[0]?.of, { contactIds: ['new', 'contact-1'] })
  })

  it('is not deceived by the customer’s own words, by older texts, or by other texts', async () => {
    const { result, asked } = await lookIn(claim(), {
      messages: {
        a: [seen('m-1', NOW - 30_000, TEXT, 'inbound'), seen('m-2', NOW - 30_000, 'Hello.')],
        b: [seen('m-3', NOW - 3_600_000, TEXT)],
      },
    })
    assert.ok(result.kind === 'held')
    assert.equal(result.look.complete, true)
    assert.match(result.look.saw, /2 conversations.*1 message since/)
    assert.ok(!asked.some((one) => one.includes('m-3')), 'texts from before the attempt are not asked for')
  })

  it('a message that is another attempt’s is not this one’s', async () => {
    const messages = { a: [seen('m-1', NOW - 50_000, TEXT)] }
    const { result } = await lookIn(claim({ genesysMessageIds: ['m-1'] }), { messages })
    assert.ok(result.kind === 'held' && result.look.complete)
  })

  it('where another send without an id could have made it, it is not said to be found', async () => {
    const one = { a: [seen('m-1', NOW - 50_000, TEXT)] }
    const two = { a: [seen('m-1', NOW - 50_000, TEXT), seen('m-2', NOW - 20_000, TEXT)] }
    const held = await lookIn(claim({ unidentified: 1 }), { messages: one })
    assert.ok(held.result.kind === 'held' && !held.result.look.complete)
    const found = await lookIn(claim({ unidentified: 1 }), { messages: two })
    assert.equal(found.result.kind, 'found')
  })

  const troubles: [string, World][] = [
    ['the contact is not there any more', { contact: answered(null) }],
    ['the contact is not answered', { contact: refused(503) as Answer<never> }],
    ['analytics are not answered', { pages: [NO_ANSWER] }],
    [
      'analytics are not allowed',
      { pages: [refused(403, { code: 'missing.permissions' }) as Answer<never>] },
    ],
    ['a conversation is not answered', { messages: { a: [] }, broken: refused(500) as Answer<never> }],
    [
      'a conversation is not there',
      { pages: [answered({ conversations: [conversation('gone')], more: false })] },
    ],
    ['texts are not answered', { messages: { a: [seen('m', NOW - 1, TEXT)] }, brokenTexts: NO_ANSWER }],
    [
      'there are more conversations than are read',
      {
        messages: {},
        pages: [answered({ conversations: [], more: true }), answered({ conversations: [], more: true })],
      },
    ],
  ]
  for (const [name, world] of troubles) {
    it(`${name}: incomplete, held`, async () => {
      const { result } = await lookIn(claim(), world)
      assert.ok(result.kind === 'held')
      assert.equal(result.look.complete, false)
      assert.notEqual(result.look.saw, '')
    })
  }

  it('an outbound message without a text could be the one: incomplete', async () => {
    const { result } = await lookIn(claim(), { messages: { a: [seen('m-1', NOW - 50_000, null)] } })
    assert.ok(result.kind === 'held')
    assert.equal(result.look.complete, false)
  })

  it('a conversation that is said to hold nothing is not read', async () => {
    const { result } = await lookIn(claim(), { messages: { a: [] } })
    assert.ok(result.kind === 'held')
    assert.equal(result.look.complete, false)
  })

  it('over whatsapp, only a message with what was filled in is the one', async () => {
    const whatsapp = { responseId: 'r', header: [], body: [{ id: '1', value: 'T-1' }] }
    const one = claimWith(
      messageWith({ state: 'unconfirmed', channel: 'whatsapp' }),
      attemptWith({
        channel: 'whatsapp',
        contactId: null,
        address: '14155550101',
        rendered: { channel: 'whatsapp', text: TEXT, whatsapp, templateVersion: 't@1' },
      }),
    )
    const other = await lookIn(one, { messages: { a: [seen('m-1', NOW - 50_000, 'Hello, I am Bob.')] } })
    assert.ok(other.result.kind === 'held' && !other.result.look.complete)
    const ours = await lookIn(one, {
      messages: { a: [seen('m-2', NOW - 50_000, 'Your ticket T-1 is done.')] },
    })
    assert.equal(ours.result.kind, 'found')
  })

  it('on channels with an address, absence is never known', async () => {
    for (const channel of ['sms', 'whatsapp', 'open', 'email'] as const) {
      const { result } = await lookIn(claim({}, channel), { messages: {} })
      assert.ok(result.kind === 'held')
      assert.equal(result.look.complete, false, channel)
    }
  })

  it('an sms is found by its address, in each of the forms that it may have', async () => {
    const { result, queries } = await lookIn(claim({}, 'sms'), {
      messages: { a: [seen('m-1', NOW - 50_000, TEXT)] },
    })
    assert.equal(result.kind, 'found')
    assert.deepEqual(queries[0]?.of, { addresses: ['tel:+14155550101', '+14155550101', '14155550101'] })
  })

  it('an email is found by its address, its subject and its time', async () => {
    const emailClaim = claimWith(
      messageWith({ state: 'unconfirmed', channel: 'email' }),
      attemptWith({
        channel: 'email',
        contactId: null,
        address: 'ada@example.com',
        rendered: { channel: 'email', text: TEXT, subject: 'Resolved', templateVersion: 't@1' },
      }),
      { conversationIds: ['other'] },
    )
    const begun = { startedAt: NOW - 50_000, subjects: ['Resolved'] }
    const listed = (conversations: ListedConversation[]) => ({
      pages: [answered({ conversations, more: false })],
    })
    const found = await lookIn(
      emailClaim,
      listed([conversation('other', begun), conversation('mine', begun)]),
    )
    assert.ok(found.result.kind === 'found')
    assert.deepEqual([found.result.conversationId, found.result.genesysMessageId], ['mine', null])
    for (const not of [
      conversation('other', begun),
      conversation('old', { ...begun, startedAt: NOW - 3_600_000 }),
      conversation('answer', { ...begun, direction: 'inbound' }),
      conversation('else', { ...begun, subjects: ['Your order'] }),
    ]) {
      assert.equal((await lookIn(emailClaim, listed([not]))).result.kind, 'held')
    }
  })
})
