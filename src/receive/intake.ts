/** How much may be under way in one process before senders are asked to come again. */
export type IntakeLimits = { maxWaiting: number; maxBytes: number }

/**
 * 2,000 deliveries wait for about a second of a slow disk's commits, well inside the 5 s that the least patient sender waits (HubSpot); their bodies
 * of usually 1 to 10 kB stay far below 64 MiB, which in turn fits a container of 512 MiB: at full speed the service itself was measured at 320.
 */
export const INTAKE_LIMITS: IntakeLimits = { maxWaiting: 2000, maxBytes: 64 * 1024 * 1024 }

/** Bytes. Nearly every event is smaller; the last quarter of the room is for those alone, so that batches cannot starve them. */
export const SMALL_BODY = 64 * 1024
const LARGE_SHARE = 3 / 4
/** Nobody knows yet who sends what is still arriving, so it never has more than half of the room. */
const ARRIVING_SHARE = 1 / 2

/**
 * Counts what is between acceptance and answer. A delivery waits from its last byte on; its bytes count from the first.
 *
 * Whoever comes may send a body slowly, or never its end. Such a body is not trusted with its room: where a newer one needs it, the oldest of those
 * that are arriving gives way. Honest bodies arrive within milliseconds, so the oldest are the slow ones; to push out an honest one, 32 MiB would
 * have to come in while it is on its way. What has arrived never gives way: it is authentic and waits for the disk, or is gone at once.
 */
export type Intake = {
  /** A small body would find no room, whoever gave way; as readiness tells. */
  full(): boolean
  waiting(): number
  /** Room for the bytes of one body; `giveWay` is called when it has to go, and must release it. */
  place(giveWay: () => void): Place
  /** False: too many wait, and nothing was taken. */
  enter(): boolean
  leave(): void
}

/** What one body holds; at first nothing. */
export type Place = {
  /** False: there is no room, and nothing more was taken. */
  take(count: number): boolean
  /** The body is whole: from now on it does not give way. */
  arrived(): void
  /** Gives everything back; once or more often. */
  release(): void
}

export function createIntake({ maxWaiting, maxBytes }: IntakeLimits = INTAKE_LIMITS): Intake {
  let waiting = 0
  /** Held by bodies that are whole, and by those that are not. */
  let whole = 0
  let arriving = 0
  /** The oldest first. */
  const places = new Set<{ size: number; giveWay: () => void }>()

  return {
    full: () => waiting >= maxWaiting || whole + SMALL_BODY > maxBytes,
    waiting: () => waiting,
    place(giveWay) {
      const own = { size: 0, giveWay }
      const leaves = () => {
        if (places.delete(own)) arriving -= own.size
        else whole -= own.size
      }
      return {
        take(count) {
          const size = own.size + count
          const most = maxBytes * (size > SMALL_BODY ? LARGE_SHARE : 1)
          const mostArriving = maxBytes * ARRIVING_SHARE
          // Nobody gives way in vain.
          if (size > mostArriving || whole + size > most) return false
          places.add(own)
          for (const oldest of places) {
            if (arriving + count <= mostArriving && whole + arriving + count <= most) break
            if (oldest === own) return false
            oldest.giveWay()
          }
          own.size = size
          arriving += count
          return true
        },
        arrived() {
          leaves()
          whole += own.size
        },
        release() {
          leaves()
          own.size = 0
        },
      }
    },
    enter() {
      if (waiting >= maxWaiting) return false
      waiting += 1
      return true
    },
    leave() {
      waiting -= 1
    },
  }
}
