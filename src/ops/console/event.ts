import type { Router } from 'express'
import { allows } from '../access/allows.ts'
import { maskEvent, maskMessage } from '../mask.ts'
import { eventTimelineOf } from '../timeline.ts'
import type { ConsoleDeps } from './console.ts'
import { nameOf } from './lists.ts'
import { idIn, may, operatorIn, page, queryIn, refusal } from './page.ts'

/** One event has a message for each route at most. */
const MOST_MESSAGES = 200

/** `/events/:id`: one event with what each route made of it, its messages and its body. */
export function eventPages(router: Router, { ledger, config }: ConsoleDeps): void {
  router.get('/events/:id', async (request, response) => {
    const id = idIn(request)
    const event = id === null ? null : await ledger.reads.event(id)
    if (id === null || event === null) return refusal(response, 404, 'There is no such event.')
    const { role } = operatorIn(response)
    const [messages, trail] = await Promise.all([
      ledger.reads.messages({ eventId: id, limit: MOST_MESSAGES }),
      ledger.reads.auditOf({ event: id }),
    ])
    const shown = maskEvent(event, role)
    const seesBody = allows(role, 'read.unmasked')
    await page(response, 200, 'event', {
      title: `Event ${id}`,
      place: 'events',
      event: shown,
      said: saidOf(queryIn(request)),
      moments: eventTimelineOf({ event: shown, messages, trail }),
      messages: messages.map((message) => {
        const one = maskMessage(message, role)
        return { ...one, who: nameOf(one.customer) }
      }),
      body: seesBody ? bodyText(event.raw) : null,
      headers: seesBody ? Object.entries(event.headers).map(([name, value]) => ({ name, value })) : [],
      routes: config.routes.map(({ name }) => name),
      inConfig: config.sources.has(event.source),
      mayPreview: seesBody,
      mayReplan: may(response, 'event.replan'),
    })
  })
}

/** JSON as people read it, else as it came. */
function bodyText(raw: Buffer): string {
  const text = raw.toString('utf8')
  if (text.length > 200_000) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

function saidOf({ said, added }: ReturnType<typeof queryIn>): string | null {
  if (said !== 'planned') return null
  const count = Number(added ?? 0)
  return `Planned again: ${count} message${count === 1 ? '' : 's'} added.`
}
