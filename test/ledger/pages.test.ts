import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Kysely } from 'kysely'
import { EVENT_STATES } from '../../src/event.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import type { Cursor, Page, PageRequest } from '../../src/ledger/pages.ts'
import { createPages } from '../../src/ledger/read-pages.ts'
import type { EventFilter, MessageFilter } from '../../src/ledger/reads.ts'
import type { Schema } from '../../src/ledger/schema.ts'
import { readerDialect } from '../../src/ledger/sqlite/dialect.ts'
import { MESSAGE_STATES } from '../../src/message.ts'
import { entry, planned, unreadable } from './contract/build.ts'
import { type SqliteHarness, sqliteHarness } from './sqlite-harness.ts'

/** A linear congruence: the same choices in each run. */
function choices(seed: number) {
  let state = seed
  const below = (n: number): number => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return Math.floor((state / 2 ** 32) * n)
  }
  const one = <T>(list: readonly [T, ...T[]]): T => list[below(list.length)] ?? list[0]
  return { below, one, chance: (percent: number) => below(100) < percent }
}

const SOURCES = ['crm', 'shop', 'desk'] as const
const ROUTES = ['greet', 'other', 'rare'] as const
const TYPES = ['ticket.resolved', 'ticket.opened', 'cart.left'] as const
const CUSTOMERS = ['c-1', 'c-2', 'c-3', 'c-4'] as const

const ROWS = 300
/** Few lines for a page, so that a search goes on over many. */
const LOOKED_AT = [7, 40, 5_000] as const

describe('all pages together', () => {
  let harness: SqliteHarness
  let ledger: Ledger
  let began = 0
  let added = 0
  const pick = choices(20_260_101)

  /** One event, received now or a little before, with up to two messages. */
  async function add(): Promise<void> {
    added += 1
    const now = harness.clock.now()
    const received = now - (pick.chance(20) ? pick.below(3) : 0)
    if (pick.chance(15)) {
      await ledger.record([unreadable(received, `key-${added}`)])
      return
    }
    const messages = ROUTES.slice(0, pick.below(3)).map((_, n) =>
      planned(now, {
        route: pick.chance(3) ? `rare-${n}` : (ROUTES[(n + added) % 2] ?? 'greet'),
        customer: { externalId: pick.one(CUSTOMERS), email: 'ann@example.com' },
        ...(pick.chance(40)
          ? { state: pick.one(['skipped', 'failed']), code: 'x', reason: 'No template.' }
          : {}),
      }),
    )
    const said = pick.chance(10) ? { said: { state: 'unplanned' as const, reason: 'A route failed.' } } : {}
    await ledger.record([
      entry(received, `key-${added}`, messages, {
        source: pick.one(SOURCES),
        type: pick.one(TYPES),
        ...said,
      }),
    ])
  }

  before(async () => {
    harness = await sqliteHarness()
    ledger = await harness.open()
    began = harness.clock.now()
    for (let n = 0; n < ROWS; n += 1) {
      // Many of the same millisecond.
      if (pick.chance(30)) harness.clock.advance(pick.below(3))
      await add()
    }
  })
  after(() => harness.dispose())

  function pagesLooking(lookedAt: number) {
    const db = harness.raw()
    const dialect = readerDialect({
      read: async (sql, values) => db.prepare(sql).all(...values),
      close: async () => {},
    })
    return createPages(new Kysely<Schema>({ dialect }), lookedAt)
  }

  /** Walks to the end while others are added. */
  async function walk<T extends { id: number }>(
    page: (request: PageRequest) => Promise<Page<T>>,
    limit: number,
    placeOf: (item: T) => Cursor,
  ): Promise<T[]> {
    const all: T[] = []
    let place: Cursor | null = null
    for (;;) {
      const { items, next }: Page<T> = await page({ limit, ...(place ? { before: place } : {}) })
      assert.ok(items.length <= limit)
      all.push(...items)
      if (next === null) return all
      const last = items.at(-1)
      if (last) assert.ok(!isBefore(placeOf(last), next), 'goes on behind its last line')
      if (place) assert.ok(isBefore(next, place), 'goes on')
      place = next
      if (pick.chance(2)) {
        harness.clock.advance(5)
        await add()
      }
    }
  }

  const isBefore = (a: Cursor, b: Cursor) => a.at < b.at || (a.at === b.at && a.id < b.id)

  function spanOf(): { since?: number; until?: number } {
    const at = () => began + pick.below(harness.clock.now() - began)
    return { ...(pick.chance(20) ? { since: at() } : {}), ...(pick.chance(20) ? { until: at() } : {}) }
  }

  function commonOf() {
    return {
      ...spanOf(),
      ...(pick.chance(30) ? { source: pick.one([...SOURCES, 'nobody']) } : {}),
      ...(pick.chance(30) ? { route: pick.one([...ROUTES, 'rare-0', 'nobody']) } : {}),
      ...(pick.chance(30) ? { type: pick.one(['ticket.*', 'cart.left', 'nothing']) } : {}),
      ...(pick.chance(20) ? { reason: pick.one(['x', 'template', 'JSON', 'no such words']) } : {}),
    }
  }

  test('are the events that a filter selects, in order, each once', async () => {
    for (let round = 0; round < 60; round += 1) {
      const filter: Omit<EventFilter, 'limit'> & Pick<MessageFilter, 'customer'> = {
        ...commonOf(),
        ...(pick.chance(30) ? { state: pick.one(['planned', ...EVENT_STATES]) } : {}),
        ...(pick.chance(20) ? { customer: { externalId: pick.one([...CUSTOMERS, 'nobody']) } } : {}),
      }
      const { customer, ...others } = filter
      const theirs = customer
        ? new Set((await ledger.reads.messages({ customer, limit: 9_999 })).map(({ eventId }) => eventId))
        : null
      const all = await ledger.reads.events({ ...others, limit: 9_999 })
      const expected = all.filter(({ id }) => theirs?.has(id) ?? true).map(({ id }) => id)
      const newest = Math.max(0, ...(await ledger.reads.events({ limit: 9_999 })).map(({ id }) => id))
      const pages = pagesLooking(pick.one(LOOKED_AT))
      const walked = await walk(
        (request) => pages.eventPage(filter, request),
        3 + pick.below(40),
        ({ receivedAt: at, id }) => ({ at, id }),
      )
      const ids = walked.map(({ id }) => id).filter((id) => id <= newest)
      assert.deepEqual(ids, expected, JSON.stringify(filter))
    }
  })

  test('are the messages that a filter selects, in order, each once', async () => {
    for (let round = 0; round < 60; round += 1) {
      const filter: Omit<MessageFilter, 'limit'> = {
        ...commonOf(),
        ...(pick.chance(30) ? { state: pick.one(['scheduled', ...MESSAGE_STATES]) } : {}),
        ...(pick.chance(20) ? { customer: { externalId: pick.one([...CUSTOMERS, 'nobody']) } } : {}),
        ...(pick.chance(5) ? { eventId: 1 + pick.below(ROWS) } : {}),
      }
      const expected = (await ledger.reads.messages({ ...filter, limit: 9_999 })).map(({ id }) => id)
      const newest = Math.max(0, ...(await ledger.reads.messages({ limit: 9_999 })).map(({ id }) => id))
      const pages = pagesLooking(pick.one(LOOKED_AT))
      const walked = await walk(
        (request) => pages.messagePage(filter, request),
        3 + pick.below(40),
        ({ createdAt: at, id }) => ({ at, id }),
      )
      const ids = walked.map(({ id }) => id).filter((id) => id <= newest)
      assert.deepEqual(ids, expected, JSON.stringify(filter))
    }
  })
})
