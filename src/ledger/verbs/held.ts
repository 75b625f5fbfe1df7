import type { LaneRow, PauseRow } from '../schema.ts'
import { isCovered, mayProbe } from '../standing.ts'
import type { Pauses } from './pauses.ts'
import type { Store } from './store.ts'

export type Held = {
  /** The pauses that keep messages from being re-triggered by a run: all that stand, but for those for whose end one message may probe now, since nothing else may be there that could. */
  shut(now: number): readonly PauseRow[]
  /** Whether one of these pauses would cover the message once it is re-triggered, so that a run passes it over. False where there is no such message. */
  isHeld(messageId: number, shut: readonly PauseRow[]): boolean
}

export function createHeld({ prepare }: Pick<Store, 'prepare'>, pauses: Pick<Pauses, 'standing'>): Held {
  // The lane that it comes to: of its first channel.
  const laneOf = prepare<Pick<LaneRow, 'route' | 'source' | 'channel'>>(
    `SELECT route, source, coalesce(json_extract(policies, '$.channels[0]'), channel) AS channel FROM messages WHERE id = ?`,
  )
  return {
    shut: (now) => pauses.standing(now).filter((pause) => !mayProbe(pause, now)),
    isHeld(messageId, shut) {
      const lane = shut.length === 0 ? undefined : laneOf.get(messageId)
      return lane !== undefined && isCovered(lane, shut)
    },
  }
}
