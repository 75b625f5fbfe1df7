import type { Router } from 'express'
import { wholeEvent } from '../whole.ts'
import type { ConsoleDeps } from './console.ts'
import { nameOf } from './lists.ts'
import { idIn, may, operatorIn, page, queryIn, refusal } from './page.ts'

/** `/events/:id`: one event with what each route made of it, its messages and its body. */
export function eventPages(router: Router, { ledger, config }: ConsoleDeps): void {
  router.get('/events/:id', async (request, response) => {
    const id = idIn(request)
    const whole = id === null ? null : await wholeEvent({ ledger }, id, operatorIn(response).role)
    if (whole === null) return refusal(response, 404, 'There is no such event.')
    const { event, messages, timeline } = whole
    const seesBody = may(response, 'read.unmasked')
    await page(response, 200, 'event', {
      title: `Event ${id}`,
      place: 'events',
      event,
      said: saidOf(queryIn(request)),
      moments: timeline,
      messages: messages.map((message) => ({ ...message, who: nameOf(message.customer) })),
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
  const count = /^\d{1,9}$/.test(added ?? '') ? Number(added) : 0
  return `Planned again: ${count} message${count === 1 ? '' : 's'} added.`
}
