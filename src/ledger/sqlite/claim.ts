import { CLI_SOURCE } from '../../event.ts'
import type { Claim } from '../ledger.ts'
import { eventOf, messageOf, pauseOf } from '../rows.ts'
import type { EventRow, LaneRow, MessageRow, PauseRow } from '../schema.ts'
import { covers, isProbed, type Pauses } from './pauses.ts'
import type { Store } from './store.ts'

/** `turn`: of several that are due, the lowest goes first. */
type Due = { id: number; rank: number; due_at: number; turn: number }

/**
 * Leases what is due. For each lane that no pause covers, and each rank, the head of one range of the queue's index: the cost grows with the lanes
 * and the limit, not with the messages. What is leased already is passed over; it is never more than the workers hold at once.
 */
export function createClaim(store: Store, pauses: Pauses) {
  const { prepare, clock, lanes } = store
  const dueInLane = prepare<Omit<Due, 'turn'>>(
    `SELECT id, rank, due_at FROM messages INDEXED BY messages_due
     WHERE state = 'scheduled' AND lane = ? AND rank = ? AND due_at <= ? AND lease_until <= ?
     ORDER BY due_at LIMIT ?`,
  )
  const lease = prepare<MessageRow>(
    `UPDATE messages SET lease_owner = ?, lease_token = ?, lease_until = ?
     WHERE id = ? AND state = 'scheduled' AND lease_until <= ? RETURNING *`,
  )
  const findEvent = prepare<EventRow>('SELECT * FROM events WHERE id = ?')

  function due(among: readonly LaneRow[], now: number, limit: number): Due[] {
    const found = RANKS.flatMap((rank) =>
      among.flatMap((lane) =>
        dueInLane.all(lane.id, rank, now, now, limit).map((row) => ({ ...row, turn: turnOf(row, lane) })),
      ),
    )
    return found.sort((a, b) => a.turn - b.turn || a.due_at - b.due_at || a.id - b.id).slice(0, limit)
  }

  function take(rows: readonly Due[], owner: string, until: number, now: number): Claim['messages'] {
    return rows.flatMap(({ id }) => {
      const token = store.random()
      const message = lease.get(owner, token, until, id, now)
      const event = message && findEvent.get(message.event_id)
      if (!event) return []
      return [{ lease: { messageId: id, owner, token }, message: messageOf(message), event: eventOf(event) }]
    })
  }

  return (request: { owner: string; limit: number; leaseMs: number }): Claim => {
    const now = clock.now()
    const until = now + request.leaseMs
    if (request.limit <= 0) return { messages: [], probe: null }
    const standing = pauses.standing(now)
    const all = lanes.all()

    for (const probed of standing.filter((pause) => mayProbe(pause, now))) {
      // Other pauses that may probe now are probed by the same message; any other pause keeps its lanes shut.
      const shut = standing.filter((pause) => !mayProbe(pause, now))
      const open = all.filter((lane) => covers(probed, lane) && !isCovered(lane, shut))
      const messages = take(due(open, now, 1), request.owner, until, now)
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
    return { messages: take(due(open, now, request.limit), request.owner, until, now), probe: null }
  }
}

/** An operator's re-triggers, then automatic ones. */
const RANKS = [0, 1] as const

/** What an operator sends to many at once waits for what customers' own events call for. */
function turnOf({ rank }: Pick<Due, 'rank'>, { source }: LaneRow): number {
  return rank === 1 && source === CLI_SOURCE ? 2 : rank
}

function mayProbe(pause: PauseRow, now: number): boolean {
  return isProbed(pause) && pause.until !== null && pause.until <= now
}

function isCovered(lane: LaneRow, pauses: readonly PauseRow[]): boolean {
  return pauses.some((pause) => covers(pause, lane))
}
