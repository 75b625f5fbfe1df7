import { messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { openListener } from './client.ts'
import { CHANNEL } from './transactions.ts'

const AGAIN_MS = 1_000
const LONGEST_AGAIN_MS = 30_000

/**
 * Has `due` called when a commit of another instance made messages due, and whenever the connection is there again after it broke: what was said meanwhile is lost. `instance`: what this one calls itself.
 * While nothing is heard who delivers looks for due messages by itself, as it always does from time to time.
 */
export function listen(options: { url: string; instance: string; log: Log; due(): void }): {
  /** Resolves when it was tried for the first time. */
  begun: Promise<void>
  close(): Promise<void>
} {
  const { url, instance, log, due } = options
  const heard = (from: string) => {
    if (from !== instance) due()
  }
  let isClosed = false
  let isBroken = false
  let end: (() => Promise<void>) | null = null
  let timer: NodeJS.Timeout | null = null
  let waits = AGAIN_MS

  async function connect(): Promise<void> {
    try {
      const listener = await openListener({ url, channel: CHANNEL, heard, broke })
      if (isClosed) return await listener.end()
      end = listener.end
      waits = AGAIN_MS
      if (isBroken) due()
      isBroken = false
    } catch (error) {
      broke(messageOf(error))
    }
  }

  function broke(why: string): void {
    if (isClosed) return
    // Once for each time that the server is away.
    if (!isBroken)
      log.warn('the database no longer tells of due messages: it is asked again', { reason: why })
    isBroken = true
    end = null
    timer = setTimeout(() => {
      connecting = connect()
    }, waits)
    waits = Math.min(waits * 2, LONGEST_AGAIN_MS)
  }

  let connecting = connect()
  return {
    begun: connecting,
    async close() {
      isClosed = true
      if (timer) clearTimeout(timer)
      await connecting
      await end?.()
    },
  }
}
