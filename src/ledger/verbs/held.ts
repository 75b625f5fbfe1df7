import { policiesOf } from '../rows.ts'
import type { MessageRow, PauseRow } from '../schema.ts'
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
  const find = prepare<Pick<MessageRow, 'route' | 'source' | 'channel' | 'policies'>>(
    'SELECT route, source, channel, policies FROM messages WHERE id = ?',
  )
  return {
    shut: (now) => pauses.standing(now).filter((pause) => !mayProbe(pause, now)),
    isHeld(messageId, shut) {
      const message = shut.length === 0 ? undefined : find.get(messageId)
      if (message === undefined) return false
      // The lane that it comes to: of its first channel.
      const [channel = message.channel] = policiesOf(message.policies).channels
      return isCovered({ ...message, channel }, shut)
    },
  }
}
