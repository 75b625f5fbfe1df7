/** How much may be under way in one process before senders are asked to come again. */
export type IntakeLimits = { maxWaiting: number; maxBytes: number }

/**
 * 2,000 deliveries wait for about a second of a slow disk's commits, well inside the 5 s that the least patient sender waits (HubSpot); their bodies
 * of usually 1 to 10 kB stay far below 64 MiB, which in turn fits a container of 256 MiB.
 */
export const INTAKE_LIMITS: IntakeLimits = { maxWaiting: 2000, maxBytes: 64 * 1024 * 1024 }

/** Counts what is between acceptance and answer. A delivery waits from its last byte on; its bytes count from the first. */
export type Intake = {
  /** Nothing more should be accepted. */
  full(): boolean
  waiting(): number
  /** False: there is no room, and nothing was taken. */
  takeBytes(count: number): boolean
  giveBytes(count: number): void
  /** False: too many wait, and nothing was taken. */
  enter(): boolean
  leave(): void
}

export function createIntake(limits: IntakeLimits = INTAKE_LIMITS): Intake {
  let waiting = 0
  let bytes = 0
  return {
    full: () => waiting >= limits.maxWaiting || bytes >= limits.maxBytes,
    waiting: () => waiting,
    takeBytes(count) {
      if (bytes + count > limits.maxBytes) return false
      bytes += count
      return true
    },
    giveBytes(count) {
      bytes -= count
    },
    enter() {
      if (waiting >= limits.maxWaiting) return false
      waiting += 1
      return true
    },
    leave() {
      waiting -= 1
    },
  }
}
