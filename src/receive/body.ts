import type { IncomingMessage } from 'node:http'
import type { Intake } from './intake.ts'

/** `gone`: the sender hung up before the body's end. */
export type BodyRead =
  | { kind: 'read'; body: Buffer }
  | { kind: 'too-large' }
  | { kind: 'overloaded' }
  | { kind: 'gone' }

/**
 * Reads a request's body as it came, up to `limit` bytes, each chunk paid for from the intake. After `read` the caller gives
 * `body.length` bytes back; otherwise nothing is held any more, and what still comes is thrown away.
 *
 * Not express.raw: it keeps what it reads of one body within a limit but not what it reads of all, and it answers a body without end
 * only at its end. Never rejects.
 */
export function readBody(request: IncomingMessage, limit: number, intake: Intake): Promise<BodyRead> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let length = 0

    const onData = (chunk: Buffer) => {
      if (length + chunk.length > limit) return giveUp('too-large')
      if (!intake.takeBytes(chunk.length)) return giveUp('overloaded')
      length += chunk.length
      chunks.push(chunk)
    }
    const onEnd = () => {
      detach()
      const [only] = chunks
      resolve({ kind: 'read', body: chunks.length === 1 && only ? only : Buffer.concat(chunks, length) })
    }
    const onGone = () => giveUp('gone')
    const giveUp = (kind: 'too-large' | 'overloaded' | 'gone') => {
      detach()
      intake.giveBytes(length)
      chunks.length = 0
      request.resume()
      resolve({ kind })
    }
    const detach = () => {
      request.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone)
      // A connection that breaks later emits an error that concerns nobody any more.
      request.on('error', () => {})
    }
    request.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone)
  })
}
