import type { IncomingMessage } from 'node:http'
import { type Intake, type Place, SMALL_BODY } from './intake.ts'

/** `gone`: the sender hung up before the body's end. */
export type BodyRead =
  | { kind: 'read'; body: Buffer; place: Place }
  | { kind: 'too-large' }
  | { kind: 'overloaded' }
  | { kind: 'gone' }

/**
 * Reads a request's body as it came, up to `limit` bytes, its memory paid for from the intake. After `read` the caller releases the
 * place; otherwise nothing is held any more, and what still comes is thrown away.
 *
 * Not express.raw: it keeps what it reads of one body within a limit but not what it reads of all, and it answers a body without end
 * only at its end. Never rejects.
 */
export function readBody(request: IncomingMessage, limit: number, intake: Intake): Promise<BodyRead> {
  return new Promise((resolve) => {
    const declared = declaredLength(request)
    // One buffer that grows, and not a list of chunks: a body in chunks of one byte would hold hundreds of times its length.
    let held: Buffer = Buffer.alloc(0)
    let length = 0

    const onData = (chunk: Buffer) => {
      const needed = length + chunk.length
      if (needed > limit) return giveUp('too-large')
      if (needed > held.length) {
        const most = declared ?? (needed <= SMALL_BODY ? SMALL_BODY : limit)
        // At least doubled, so that few bytes are copied often; the first chunk, mostly the only one, is kept as it is.
        const size = Math.max(needed, length === 0 ? 0 : Math.min(most, held.length * 2))
        if (!place.take(size - held.length)) return giveUp('overloaded')
        held = length === 0 ? chunk : resized(held, length, size)
      }
      if (length > 0) chunk.copy(held, length)
      length = needed
    }
    const onEnd = () => {
      detach()
      place.arrived()
      const body = length === held.length ? held : resized(held, length, length)
      resolve({ kind: 'read', body, place })
    }
    const onGone = () => giveUp('gone')
    const giveUp = (kind: 'too-large' | 'overloaded' | 'gone') => {
      detach()
      place.release()
      held = Buffer.alloc(0)
      request.resume()
      resolve({ kind })
    }
    const place = intake.place(() => giveUp('overloaded'))
    const detach = () => {
      request.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone)
      // A connection that breaks later emits an error that concerns nobody any more.
      request.on('error', () => {})
    }
    request.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone)
  })
}

/** Null where the body's end shows only when it comes. */
export function declaredLength({ headers }: IncomingMessage): number | null {
  if (headers['transfer-encoding'] !== undefined) return null
  return Number(headers['content-length'] ?? 0)
}

/** The first `length` bytes in memory of `size` that nothing else shares: a pooled buffer would be sent to the ledger's thread with its whole pool. */
function resized(bytes: Buffer, length: number, size: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(size)
  bytes.copy(copy, 0, 0, length)
  return copy
}
