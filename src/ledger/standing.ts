import { PROBED_PAUSES } from '../message.ts'
import type { LaneRow, PauseRow } from './schema.ts'

const PROBED: readonly string[] = PROBED_PAUSES

/** Whether it ends when one message got through, and by nothing else but an operator. */
export function isProbed(pause: Pick<PauseRow, 'code'>): boolean {
  return PROBED.includes(pause.code)
}

type Timed = Pick<PauseRow, 'code' | 'since' | 'until'>

/** A pause that probes ends only when it is resumed; the others also by time. */
export function isOver(pause: Timed, now: number): boolean {
  return !isProbed(pause) && hasPassed(pause, now)
}

/** Whether one message may probe for it now. */
export function mayProbe(pause: Timed, now: number): boolean {
  return isProbed(pause) && hasPassed(pause, now)
}

/** Of what Postrider itself began, nobody waits for a time that a clock set back has put far off: too soon costs a probe, or a call that is told to wait again. What an operator said stands as they said it. */
function hasPassed({ code, since, until }: Timed, now: number): boolean {
  return until !== null && (until <= now || (code !== 'operator' && wasSetBack(since, now)))
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
