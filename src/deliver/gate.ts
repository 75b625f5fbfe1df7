/**
 * So many messages are between their place in the budget and Genesys' answer at once: what is on its way when Genesys fails may stay unconfirmed. More than these are claimed and made ready, so
 * that the next leaves as soon as one was answered.
 */
export type Gate = {
  /** Waits until there is room, in the order of those who came; once the process stops, nobody waits. */
  enter(): Promise<Place>
}

export type Place = {
  /** Makes room for the next. Idempotent. */
  leave(): void
}

/** `room`: how many there is room for now; it is asked again whenever one leaves. */
export function createGate(room: () => number, stopping: AbortSignal): Gate {
  const waiting: (() => void)[] = []
  let inside = 0
  stopping.addEventListener('abort', letIn)

  function letIn(): void {
    while (waiting.length > 0 && (inside < room() || stopping.aborted)) {
      inside += 1
      waiting.shift()?.()
    }
  }

  function place(): Place {
    let isInside = true
    return {
      leave() {
        if (isInside) inside -= 1
        isInside = false
        letIn()
      },
    }
  }

  return {
    enter: () =>
      new Promise((resolve) => {
        waiting.push(() => resolve(place()))
        letIn()
      }),
  }
}
