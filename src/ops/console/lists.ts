import express, { type Request, type Response, type Router } from 'express'
import { EVENT_STATES } from '../../event.ts'
import { MESSAGE_STATES } from '../../message.ts'
import { maskMessage } from '../mask.ts'
import type { ConsoleDeps } from './console.ts'
import { askedFor, cursorText, filterFields, withoutCustomer } from './filters.ts'
import { type Fields, formIn, may, mayOrRefuse, operatorIn, page, pathWith, queryIn } from './page.ts'

/** A filter with every field filled in, and no more. */
export const FORM_BYTES = 8 * 1024
/** Forms of the console, which are small. */
export const form = express.urlencoded({ extended: false, limit: FORM_BYTES, parameterLimit: 50 })

/** `GET` and `POST /events`, `/messages`: what was received and what is to be said, newest first. */
export function listPages(router: Router, deps: ConsoleDeps): void {
  const { ledger, clock } = deps

  router.get('/events', (request, response) => events(queryIn(request), request, response))
  router.get('/messages', (request, response) => messages(queryIn(request), request, response))
  router.post('/events', form, (request, response) =>
    posted(formIn(request), '/console/events', response, (fields) => events(fields, request, response)),
  )
  router.post('/messages', form, (request, response) =>
    posted(formIn(request), '/console/messages', response, (fields) => messages(fields, request, response)),
  )

  async function events(fields: Fields, request: Request, response: Response): Promise<void> {
    const asked = askedFor(fields, EVENT_STATES, clock.now())
    // That somebody is found by an address, or by a word of a reason, tells as much as showing it would.
    if (namesSomebody(asked) && !(await mayOrRefuse(response, 'read.unmasked'))) return
    const { items, next } = await ledger.reads.eventPage(asked.filter, asked.page)
    await page(response, 200, 'events', {
      title: 'Events',
      place: 'events',
      ...listOf(request, fields, asked, next, '/console/events'),
      states: EVENT_STATES,
      sources: [...deps.config.sources.keys()],
      routes: deps.config.routes.map(({ name }) => name),
      events: items,
      mayName: may(response, 'read.unmasked'),
      mayReplan: may(response, 'event.replan'),
    })
  }

  async function messages(fields: Fields, request: Request, response: Response): Promise<void> {
    const asked = askedFor(fields, MESSAGE_STATES, clock.now())
    // That somebody is found by an address, or by a word of a reason, tells as much as showing it would.
    if (namesSomebody(asked) && !(await mayOrRefuse(response, 'read.unmasked'))) return
    const { items, next } = await ledger.reads.messagePage(asked.filter, asked.page)
    const { role } = operatorIn(response)
    await page(response, 200, 'messages', {
      title: 'Messages',
      place: 'messages',
      ...listOf(request, fields, asked, next, '/console/messages'),
      states: MESSAGE_STATES,
      sources: [...deps.config.sources.keys()],
      routes: deps.config.routes.map(({ name }) => name),
      messages: items.map((message) => {
        const shown = maskMessage(message, role)
        return { ...shown, who: nameOf(shown.customer) }
      }),
      mayName: may(response, 'read.unmasked'),
      mayRetry: may(response, 'message.retry'),
    })
  }
}

function namesSomebody({ customer, filter }: { customer: boolean; filter: { reason?: string } }): boolean {
  return customer || filter.reason !== undefined
}

/** A customer's name must stand in no address, so a filter comes as a form; without one it has an address that can be kept and sent on. */
async function posted(
  fields: Fields,
  path: string,
  response: Response,
  show: (fields: Fields) => Promise<void>,
): Promise<void> {
  const filter = filterFields(fields)
  const plain = withoutCustomer(filter)
  if (Object.keys(plain).length < Object.keys(filter).length) return show(fields)
  response.redirect(303, pathWith(path, plain))
}

function listOf(
  request: Request,
  fields: Fields,
  { page: { before }, faults, customer }: ReturnType<typeof askedFor>,
  next: { at: number; id: number } | null,
  path: string,
) {
  const filter = filterFields(fields)
  const first = before === undefined
  const live = first && !customer && request.method === 'GET' && fields.live !== 'off'
  const still = first && !customer
  return {
    path,
    filter: Object.entries(filter).map(([name, value]) => ({ name, value })),
    fields: { ...NONE, ...filter },
    filtered: Object.keys(filter).length > 0,
    faults,
    customer,
    first,
    live,
    self: pathWith(path, withoutCustomer(filter)),
    other: still ? pathWith(path, { ...withoutCustomer(filter), live: live ? 'off' : undefined }) : null,
    newest: pathWith(path, withoutCustomer(filter)),
    next:
      next === null
        ? null
        : {
            cursor: cursorText(next),
            at: next.at,
            href: pathWith(path, { ...withoutCustomer(filter), before: cursorText(next) }),
          },
  }
}

const NONE = {
  state: '',
  source: '',
  route: '',
  type: '',
  reason: '',
  since: '',
  until: '',
  externalId: '',
  email: '',
  phone: '',
}

/** By what a line names a customer. */
export function nameOf({
  externalId,
  email,
  phone,
  name,
}: {
  externalId?: string | undefined
  email?: string | undefined
  phone?: string | undefined
  name?: string | undefined
}): string {
  return externalId ?? email ?? phone ?? name ?? ''
}
