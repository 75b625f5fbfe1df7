import express, { type NextFunction, type Request, type Response, type Router } from 'express'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { declaredLength, readBody } from './body.ts'
import type { Intake } from './intake.ts'
import type { Delivery } from './receive.ts'
import { type NoteRefusal, UNKNOWN_SOURCE } from './refusals.ts'
import { isAccepted, type Reply } from './reply.ts'
import { send } from './send.ts'

/** Events of the senders we know have 1 to 100 kB; HubSpot's batches of a hundred are the largest. */
export const MAX_BODY_BYTES = 1024 * 1024

export type WebhookDeps = {
  receive: (delivery: Delivery) => Promise<Reply>
  isSource: (name: string) => boolean
  intake: Intake
  noteRefusal: NoteRefusal
  clock: Clock
}

/** `POST /:source`, to be mounted at /webhooks. What can be refused by its head alone is refused before a byte of its body is kept. */
export function webhooks(deps: WebhookDeps): Router {
  const { clock, isSource, noteRefusal } = deps
  const router = express.Router()
  router.all('/:source', async (request, response) => {
    const { source } = request.params
    const byHead = refusedByHead(request, source, deps)
    const came = byHead ? { reply: byHead, delivery: null } : await taken(request, source, deps)
    if (came === null) return
    const { reply, delivery } = came
    if (!isAccepted(reply)) noteRefusal(isSource(source) ? source : UNKNOWN_SOURCE, reply, delivery)
    await send(request, response, reply, clock)
  })
  // Express passes a path that does not decode (`%zz`) as an error: it names no source.
  router.use(async (error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof URIError)) return next(error)
    noteRefusal(UNKNOWN_SOURCE, { kind: 'unknown-source' }, null)
    await send(request, response, { kind: 'unknown-source' }, clock)
  })
  return router
}

function refusedByHead(request: Request, source: string, deps: WebhookDeps): Reply | null {
  if (!deps.isSource(source)) return { kind: 'unknown-source' }
  // Intercom saves a URL only after it has asked so.
  if (request.method === 'HEAD') return { kind: 'ping' }
  if (request.method !== 'POST') return { kind: 'wrong-method' }
  if ((request.headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity')
    return { kind: 'content-encoding' }
  if ((declaredLength(request) ?? 0) > MAX_BODY_BYTES) return { kind: 'too-large', limit: MAX_BODY_BYTES }
  return deps.intake.full() ? { kind: 'overloaded' } : null
}

/** What became of a request; `delivery`: where it was whole. */
type Came = { reply: Reply; delivery: Delivery | null }

/** Reads the body and has it received; null where the sender hung up. */
async function taken(request: Request, source: string, deps: WebhookDeps): Promise<Came | null> {
  const { intake, clock } = deps
  const unread = (reply: Reply): Came => ({ reply, delivery: null })
  const read = await readBody(request, MAX_BODY_BYTES, intake)
  if (read.kind === 'gone') return null
  if (read.kind === 'too-large') return unread({ kind: 'too-large', limit: MAX_BODY_BYTES })
  if (read.kind === 'overloaded') return unread(read)
  const { body, place } = read
  const entered = intake.enter()
  try {
    if (!entered) return unread({ kind: 'overloaded' })
    const { method, originalUrl: target, rawHeaders } = request
    const delivery = { source, method, target, rawHeaders, body, receivedAt: clock.now() }
    return { reply: await deps.receive(delivery), delivery }
  } catch (error) {
    return unread({ kind: 'fault', trouble: messageOf(error) })
  } finally {
    if (entered) intake.leave()
    place.release()
  }
}
