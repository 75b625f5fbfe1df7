import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../clock.ts'
import { declaredLength } from './body.ts'
import { SMALL_BODY } from './intake.ts'
import { answerOf, isAccepted, type Reply } from './reply.ts'

/**
 * What is still taken, and thrown away, of a body that was answered before its end: closing a connection that has unread bytes resets it,
 * and a sender that writes everything before it reads (most libraries do) would never see the answer. 8 MiB and 3 s let anybody finish who
 * is a few times above the limit; who goes on after that is cut.
 */
const DRAIN_BYTES = 8 * 1024 * 1024
const DRAIN_MS = 3000

/**
 * Answers. Success says its kind and nothing else, or what the sender wants to read: some keep the body, and some want it empty or tiny. Where more of the request
 * may be to come than is worth waiting for, the answer ends the connection.
 */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  clock: Clock,
): Promise<void> {
  const { status, headers, body } = written(reply)
  const ends = mayGoOn(request)
  response.writeHead(status, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    ...(ends ? { connection: 'close' } : {}),
  })
  if (ends) {
    // The answer is whole by its length, and read while we still take what comes; its end is what closes the connection.
    response.write(body)
    await drained(request, clock)
    response.end()
  } else {
    response.end(body)
  }
}

/** A request whose body is not all here and may be long. A short one may just as well be taken, and the connection kept. */
export function mayGoOn(request: IncomingMessage): boolean {
  return !request.complete && (declaredLength(request) ?? Number.POSITIVE_INFINITY) > SMALL_BODY
}

function written(reply: Reply) {
  if (isAccepted(reply)) {
    const { contentType, body } = reply.answer ?? { contentType: 'text/plain', body: reply.kind }
    return { status: 200, headers: { 'content-type': contentType }, body }
  }
  const { status, title, detail, headers } = answerOf(reply)
  const body = JSON.stringify({ type: 'about:blank', title, status, detail })
  return { status, headers: { 'content-type': 'application/problem+json', ...headers }, body }
}

/** Resolves at the body's end, at the connection's, or when it was enough. */
async function drained(request: IncomingMessage, clock: Clock): Promise<void> {
  const enough = new AbortController()
  const stop = () => enough.abort()
  let left = DRAIN_BYTES
  request.once('end', stop).once('close', stop)
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) stop()
  })
  if (request.destroyed) stop()
  await clock.sleep(DRAIN_MS, enough.signal)
}
