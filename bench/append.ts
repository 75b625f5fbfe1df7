import { closeSync, fdatasync, openSync, writev } from 'node:fs'

export type Appending = {
  /** Resolves when the bytes are in the file and on its disk. */
  append(bytes: Uint8Array): Promise<void>
  /** When what was appended is on the disk. */
  close(): void
}

type Group = { bytes: Uint8Array[]; waiting: { resolve(): void; reject(error: unknown): void }[] }

/**
 * Appends to a file with as few syncs as a ledger needs: what comes while a group is written and synced is the next group. Both happen outside of this
 * thread. Rejects with the system's error for everybody in the group.
 */
export function createAppending(file: string): Appending {
  const fd = openSync(file, 'a', 0o600)
  let next: Group = { bytes: [], waiting: [] }
  let isWriting = false

  function write(): void {
    const group = next
    next = { bytes: [], waiting: [] }
    isWriting = true
    const done = (error: unknown) => {
      isWriting = false
      for (const { resolve, reject } of group.waiting) {
        if (error) reject(error)
        else resolve()
      }
      if (next.waiting.length > 0) write()
    }
    writev(fd, group.bytes, (error) => (error ? done(error) : fdatasync(fd, done)))
  }

  return {
    append: (bytes) =>
      new Promise((resolve, reject) => {
        next.bytes.push(bytes)
        next.waiting.push({ resolve, reject })
        // With all that came in the same turn of the event loop.
        if (!isWriting && next.waiting.length === 1) setImmediate(write)
      }),
    close: () => closeSync(fd),
  }
}
