import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createSessions } from '../../src/deliver/sessions.ts'
import type { ConversationPage, ConversationQuery, ListedConversation } from '../../src/genesys/genesys.ts'
import { createManualClock } from '../manual-clock.ts'
import { answered, refused } from './answers.ts'
import { NOW } from './messages.ts'

const DAY = 86_400_000
const CONTACT = { id: 'k-1', ids: ['k-1', 'k-0'] }

function conversation(
  id: string,
  direction: ListedConversation['direction'],
  daysAgo: number,
): ListedConversation {
  return { id, startedAt: NOW - daysAgo * DAY, endedAt: null, direction, subjects: [] }
}

/** Answers the pages in order, and remembers the queries. */
function answering(...pages: ConversationPage[]) {
  const queries: ConversationQuery[] = []
  const ask = async (query: ConversationQuery) => {
    queries.push(query)
    return answered(pages[queries.length - 1] ?? { conversations: [], more: false })
  }
  return { ask, queries }
}

describe('newest session', () => {
  it('is the newest that the customer began; what Postrider began is none', async () => {
    const clock = createManualClock(NOW)
    const { ask, queries } = answering({
      conversations: [
        conversation('ours', 'outbound', 1),
        conversation('theirs', 'inbound', 2),
        conversation('old', 'inbound', 9),
      ],
      more: false,
    })
    const answer = await createSessions(clock).newest(CONTACT, 30 * DAY, ask, false)
    assert.ok(answer.kind === 'ok')
    assert.deepEqual(answer.value, { conversationId: 'theirs', startedAt: NOW - 2 * DAY })
    assert.deepEqual(queries[0]?.of, { contactIds: ['k-1', 'k-0'] })
  })

  it('asks in windows of 31 days at most, the newest first, and stops at the first hit', async () => {
    const clock = createManualClock(NOW)
    const { ask, queries } = answering(
      { conversations: [], more: false },
      { conversations: [conversation('c', 'inbound', 40)], more: false },
    )
    const answer = await createSessions(clock).newest(CONTACT, 90 * DAY, ask, false)
    assert.ok(answer.kind === 'ok' && answer.value?.conversationId === 'c')
    assert.deepEqual(
      queries.map(({ from, to }) => [(NOW - from) / DAY, (NOW - to) / DAY]),
      [
        [31, 0],
        [62, 31],
      ],
    )
  })

  it('covers exactly the time that is asked for', async () => {
    const clock = createManualClock(NOW)
    const { ask, queries } = answering()
    const answer = await createSessions(clock).newest(CONTACT, 40 * DAY, ask, false)
    assert.ok(answer.kind === 'ok' && answer.value === null)
    assert.equal(queries.at(-1)?.from, NOW - 40 * DAY)
  })

  it('turns pages while there are only our own messages', async () => {
    const clock = createManualClock(NOW)
    const ours = { conversations: [conversation('ours', 'outbound', 1)], more: true }
    const { ask, queries } = answering(ours, {
      conversations: [conversation('theirs', null, 3)],
      more: false,
    })
    const answer = await createSessions(clock).newest(CONTACT, 30 * DAY, ask, false)
    assert.ok(answer.kind === 'ok' && answer.value?.conversationId === 'theirs')
    assert.deepEqual(
      queries.map(({ page }) => page),
      [1, 2],
    )
  })

  it('is remembered for five minutes, its absence for one, trouble not at all', async () => {
    const clock = createManualClock(NOW)
    const sessions = createSessions(clock)
    const found = answering({ conversations: [conversation('c', 'inbound', 1)], more: false })
    await sessions.newest(CONTACT, DAY, found.ask, false)
    await clock.advance(299_000)
    await sessions.newest(CONTACT, DAY, found.ask, false)
    assert.equal(found.queries.length, 1)
    await clock.advance(2_000)
    const none = answering()
    await sessions.newest(CONTACT, DAY, none.ask, false)
    await clock.advance(59_000)
    await sessions.newest(CONTACT, DAY, none.ask, false)
    assert.equal(none.queries.length, 1)
    await clock.advance(2_000)
    let asked = 0
    const trouble = async () => {
      asked += 1
      return refused(503)
    }
    await sessions.newest(CONTACT, DAY, trouble, false)
    await sessions.newest(CONTACT, DAY, trouble, false)
    assert.equal(asked, 2)
  })
})
