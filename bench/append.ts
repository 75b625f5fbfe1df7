import { closeSync, constants, openSync, writev } from 'node:fs'

export type Appending = {
  /** Resolves when the bytes are in the file and on its disk. */
  append(bytes: Uint8Array): Promise<void>
  close(): void
}

type Group = {
  bytes: Uint8Array[]
  length: number
  waiting: { resolve(): void; reject(error: unknown): void }[]
}

/** What is written is on the disk when the call returns, as by fdatasync, and the way to the thread that waits for it is gone once: measured, nothing else that appends was faster. */
const SYNCED = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_DSYNC

/**
 * Appends to a file with as few syncs as a ledger needs: what comes while a group is written and synced is the next group. That happens outside of this thread. Rejects with the system's error
 * for everybody in the group.
 */
export function createAppending(file: string): Appending {
  const fd = openSync(file, SYNCED, 0o600)
  let next: Group = emptyGroup()
  let isWriting = false

  function write(): void {
    const { bytes, length, waiting } = next
    next = emptyGroup()
    isWriting = true
    writev(fd, bytes, (error, written) => {
      isWriting = false
      const trouble =
        error ?? (written === length ? null : new Error(`${written} of ${length} bytes fit ${file}`))
      for (const { resolve, reject } of waiting) {
        if (trouble) reject(trouble)
        else resolve()
      }
      if (next.waiting.length > 0) write()
    })
  }

  return {
    append: (bytes) =>
      new Promise((resolve, reject) => {
        next.bytes.push(bytes)
        next.length += bytes.length
        next.waiting.push({ resolve, reject })
        // With all that came in the same turn of the event loop.
        if (!isWriting && next.waiting.length === 1) setImmediate(write)
      }),
    close: () => closeSync(fd),
  }
}

function emptyGroup(): Group {
  return { bytes: [], length: 0, waiting: [] }
}
