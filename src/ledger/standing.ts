import { PROBED_PAUSES } from '../message.ts'
import type { LaneRow, PauseRow } from './schema.ts'

const PROBED: readonly string[] = PROBED_PAUSES

/** Whether it ends when one message got through, and by nothing else but an operator. */
export function isProbed(pause: Pick<PauseRow, 'code'>): boolean {
  return PROBED.includes(pause.code)
}

/** A pause that probes ends only when it is resumed; the others also by time. One that slows down is over too where the clock was set back behind its beginning: who calls too soon is told so again. */
export function isOver(
  { code, since, until }: Pick<PauseRow, 'code' | 'since' | 'until'>,
  now: number,
): boolean {
  if (until === null || isProbed({ code })) return false
  return until <= now || (code === 'rate-limited' && wasSetBack(since, now))
}

/** Whether one message may probe for it now: never sooner than was said, whatever the clock does, for each probe may cost a customer a message. */
export function mayProbe(pause: Pick<PauseRow, 'code' | 'until'>, now: number): boolean {
  return isProbed(pause) && pause.until !== null && pause.until <= now
}

/** Whether a clock shows a time so long before one that it has shown already. Processes and threads that ask one after another differ by less. */
export function wasSetBack(shown: number, now: number): boolean {
  return now < shown - 10_000
}

type Lane = Pick<LaneRow, 'route' | 'source' | 'channel'>

/** Whether the pause stops the messages of a lane. */
export function covers(pause: Pick<PauseRow, 'scope' | 'name'>, lane: Lane): boolean {
  switch (pause.scope) {
    case 'route':
      return pause.name === lane.route
    case 'source':
      return pause.name === lane.source
    case 'channel':
      return pause.name === lane.channel
    default:
      return true
  }
}

export function isCovered(lane: Lane, pauses: readonly Pick<PauseRow, 'scope' | 'name'>[]): boolean {
  return pauses.some((pause) => covers(pause, lane))
}
