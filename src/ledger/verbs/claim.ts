import { CLI_SOURCE } from '../../event.ts'
import type { Claim, Lease } from '../ledger.ts'
import { eventOf, messageOf, pauseOf } from '../rows.ts'
import type { EventRow, LaneRow, MessageRow } from '../schema.ts'
import { covers, isCovered, mayProbe } from '../standing.ts'
import type { Pauses } from './pauses.ts'
import type { Store } from './store.ts'

/** `turn`: of several that are due, the lowest goes first. */
type Due = Pick<MessageRow, 'id' | 'names' | 'lane' | 'rank' | 'due_at'> & { turn: number }

/**
 * Leases what is due. For each lane that no pause covers, and each rank, the head of one range of the queue's index: the cost grows with the lanes
 * and the limit, not with the messages. What is leased already is passed over; it is never more than the workers hold at once.
 */
export function createClaim(store: Store, pauses: Pauses) {
  const { prepare, clock, lanes, turns } = store
  const dueInLane = prepare<Omit<Due, 'turn'>>(
    `SELECT id, names, lane, rank, due_at FROM messages INDEXED BY messages_due
     WHERE state = 'scheduled' AND waits_for IS NULL AND lane = ? AND rank = ? AND due_at <= ? AND lease_until <= ?
     ORDER BY due_at, id LIMIT ?`,
  )
  const lease = prepare(
    `UPDATE messages SET lease_owner = ?, lease_token = ?, lease_until = ? WHERE id = ? AND state = 'scheduled' AND lease_until <= ?`,
  )
  const find = prepare<MessageRow>('SELECT * FROM messages WHERE id = ? AND lease_token = ?')
  const findEvent = prepare<EventRow>('SELECT * FROM events WHERE id = ?')

  function due(among: readonly LaneRow[], now: number, limit: number): Due[] {
    const heads = RANKS.flatMap((rank) => among.map((lane) => ({ rank, lane })))
    const found = dueInLane
      .each(heads.map(({ rank, lane }) => [lane.id, rank, now, now, limit]))
      .flatMap((rows, n) => {
        const head = heads[n]
        return head ? rows.map((row) => ({ ...row, turn: turnOf(row, head.lane) })) : []
      })
    return found.sort((a, b) => a.turn - b.turn || a.due_at - b.due_at || a.id - b.id).slice(0, limit)
  }

  /** Leases the first of these whose customers' turn it is, until some came back into the queue ahead of the others. The others wait in their lines; `put` counts them. */
  function take(rows: readonly Due[], { owner, until, now, isOpen }: Terms) {
    const leases: Lease[] = []
    let put = 0
    for (const row of rows) {
      const messageId = row.id
      const turn = turns.take(row, now, isOpen)
      if (turn !== 'taken') put += 1
      if (turn === 'moved') break
      if (turn === 'waits') continue
      const token = store.random()
      // At once: where its turn has lasted too long, the lease is what others of its customer wait for.
      lease.later(owner, token, until, messageId, now)
      leases.push({ messageId, owner, token })
    }
    return { messages: claimed(leases), put }
  }

  function claimed(leases: readonly Lease[]): Claim['messages'] {
    if (leases.length === 0) return []
    const held = find
      .each(leases.map(({ messageId, token }) => [messageId, token]))
      .flatMap(([message], n) => {
        const own = leases[n]
        return message && own ? [{ lease: own, message }] : []
      })
    const events = findEvent.each(held.map(({ message }) => [message.event_id]))
    return held.flatMap(({ lease, message }, n) => {
      const event = events[n]?.[0]
      return event ? [{ lease, message: messageOf(message), event: eventOf(event) }] : []
    })
  }

  /** Up to `limit` of what is due in these lanes. */
  function fill(among: readonly LaneRow[], limit: number, terms: Terms): Claim['messages'] {
    if (among.length === 0) return []
    turns.wake(terms.now, terms.isOpen)
    const messages: Claim['messages'][number][] = []
    let put = 0
    // What waits its turn leaves the queue, so that this comes to an end.
    for (;;) {
      const rows = due(among, terms.now, limit - messages.length)
      const taken = take(rows, terms)
      messages.push(...taken.messages)
      put += taken.put
      if (rows.length === 0 || messages.length >= limit) return messages
      if (put < MOST_PUT) continue
      store.dueNow()
      return messages
    }
  }

  return ({ owner, limit, leaseMs }: { owner: string; limit: number; leaseMs: number }): Claim => {
    const now = clock.now()
    const until = now + leaseMs
    if (limit <= 0) return { messages: [], probe: null }
    const standing = pauses.standing(now)
    const all = lanes.all()
    const termsFor = (open: readonly LaneRow[]): Terms => {
      const ids = new Set(open.map(({ id }) => id))
      return { owner, until, now, isOpen: (lane) => ids.has(lane) }
    }
    // While everything stands still nobody is held up by one of the others.
    const partial = standing.filter(({ scope }) => scope !== 'all')
    if (partial.length > 0) {
      turns.releaseShut(now, termsFor(all.filter((lane) => !isCovered(lane, partial))).isOpen)
    }

    for (const probed of standing.filter((pause) => mayProbe(pause, now))) {
      // Other pauses that may probe now are probed by the same message; any other pause keeps its lanes shut.
      const shut = standing.filter((pause) => !mayProbe(pause, now))
      const open = all.filter((lane) => covers(probed, lane) && !isCovered(lane, shut))
      const messages = fill(open, 1, termsFor(open))
      const [probe] = messages
      if (!probe) continue
      for (const pause of standing) {
        if (mayProbe(pause, now) && covers(pause, probe.message)) {
          pauses.probing(pause.id, probe.message.id, until)
        }
      }
      return { messages, probe: pauseOf({ ...probed, until }) }
    }

    const open = all.filter((lane) => !isCovered(lane, standing))
    return { messages: fill(open, limit, termsFor(open)), probe: null }
  }
}

type Terms = { owner: string; until: number; now: number; isOpen(lane: number): boolean }

/** So many are put into lines by one claim: a customer with a hundred thousand due messages keeps the ledger from nobody for longer than some milliseconds. */
const MOST_PUT = 1_000

/** An operator's re-triggers, then automatic ones. */
const RANKS = [0, 1] as const

/** What an operator sends to many at once waits for what customers' own events call for. */
function turnOf({ rank }: Pick<Due, 'rank'>, { source }: LaneRow): number {
  return rank === 1 && source === CLI_SOURCE ? 2 : rank
}
