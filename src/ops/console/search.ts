import type { Router } from 'express'
import type { Hit } from '../../ledger/pages.ts'
import { maskMessage } from '../mask.ts'
import { searchFor } from '../search.ts'
import type { ConsoleDeps } from './console.ts'
import { form, nameOf } from './lists.ts'
import { formIn, may, operatorIn, page } from './page.ts'

/** By what something was found, in words. */
const BY: Readonly<Record<Hit['by'], string>> = {
  number: 'its number',
  'event-key': 'the sender’s id of the event',
  conversation: 'the conversation in Genesys',
  correlation: 'the correlation id of a request to Genesys',
  'genesys-message': 'Genesys’ id of the message',
  externalId: 'the customer’s externalId',
  email: 'the customer’s email',
  phone: 'the customer’s phone',
}

/** `POST /search`: any id, or by what a customer is known; never in an address, which proxies write down. What is one thing alone is shown at once. */
export function searchPage(router: Router, { ledger }: ConsoleDeps): void {
  router.post('/search', form, async (request, response) => {
    const text = formIn(request).text ?? ''
    const { role } = operatorIn(response)
    const hits = text === '' ? [] : await searchFor(ledger, text, role)
    const [only] = hits
    if (only && hits.length === 1) return response.redirect(303, `/console/${only.kind}s/${only.id}`)
    const idsOf = (kind: Hit['kind']) => hits.filter((hit) => hit.kind === kind).map(({ id }) => id)
    const [messages, events] = await Promise.all([
      ledger.reads.messagesById(idsOf('message')),
      ledger.reads.eventsById(idsOf('event')),
    ])
    await page(response, 200, 'search', {
      title: 'Search',
      text,
      mayName: may(response, 'read.unmasked'),
      hits: hits.flatMap(({ kind, id, by }) => {
        const message = kind === 'message' ? messages.find((one) => one.id === id) : undefined
        const event = kind === 'event' ? events.find((one) => one.id === id) : undefined
        const line = { kind, id, by: BY[by], href: `/console/${kind}s/${id}` }
        if (message) {
          const { state, route, createdAt, customer } = maskMessage(message, role)
          return { ...line, state, what: route, at: createdAt, who: nameOf(customer) }
        }
        if (event) {
          return {
            ...line,
            state: event.state,
            what: `${event.source}/${event.type}`,
            at: event.receivedAt,
            who: '',
          }
        }
        return []
      }),
    })
  })
}
