import type { Router } from 'express'
import { EVENT_STATES } from '../../event.ts'
import { foreseeReplan, replanChosen, replanEvent } from '../actions/replan.ts'
import { maskWords } from '../mask.ts'
import type { ConsoleDeps } from './console.ts'
import { askedFor, filterFields } from './filters.ts'
import { form } from './lists.ts'
import { type Fields, formIn, idIn, mayOrRefuse, operatorIn, page, pathWith, refusal } from './page.ts'
import { isoOf } from './words.ts'

const SHOWN = 50

/** To plan events again: one, or what a filter selects, after it was shown what would come of it. */
export function replanPages(router: Router, deps: ConsoleDeps): void {
  const { clock } = deps

  router.post('/events/:id/replan', form, async (request, response) => {
    if (!(await mayOrRefuse(response, 'event.replan'))) return
    const id = idIn(request)
    if (id === null) return refusal(response, 404, 'There is no such event.')
    const done = await replanEvent(deps, { by: operatorIn(response).name }, { id })
    if (done.kind !== 'done') return refusal(response, done.kind === 'missing' ? 404 : 409, done.reason)
    response.redirect(
      303,
      pathWith(`/console/events/${id}`, { said: 'planned', added: done.replanned.added }),
    )
  })

  router.post('/events/replan-plan', form, async (request, response) => {
    if (!(await mayOrRefuse(response, 'event.replan'))) return
    const asked = askedIn(formIn(request))
    if (asked.faults.length > 0) return refusal(response, 400, asked.faults.join(' '))
    const foreseen = await foreseeReplan(deps, asked)
    if (foreseen.kind === 'refused') return refusal(response, 409, foreseen.reason)
    await page(response, 200, 'replan', {
      title: 'Plan events again',
      place: 'events',
      filter: hiddenOf(asked.fields),
      foreseen: {
        ...foreseen,
        messages: foreseen.added.reduce((sum, { count }) => sum + count, 0),
      },
      after: asked.after ?? '',
      done: null,
    })
  })

  router.post('/events/replan', form, async (request, response) => {
    if (!(await mayOrRefuse(response, 'event.replan'))) return
    const asked = askedIn(formIn(request))
    if (asked.faults.length > 0) return refusal(response, 400, asked.faults.join(' '))
    const { name: by, role } = operatorIn(response)
    const done = await replanChosen(deps, { by }, asked)
    if (done.kind === 'refused') return refusal(response, 409, done.reason)
    const left = done.outcomes.filter(({ state }) => state !== 'planned' && state !== 'unrouted')
    await page(response, 200, 'replan', {
      title: 'Plan events again',
      place: 'events',
      filter: hiddenOf(asked.fields),
      foreseen: null,
      after: done.next ?? '',
      done: {
        planned: done.outcomes.length,
        added: done.outcomes.reduce((sum, { added }) => sum + added, 0),
        left: left.length,
        next: done.next !== null,
        shown: left.slice(0, SHOWN).map((one) => ({ ...one, reason: maskWords(one.reason, role) })),
      },
    })
  })

  function askedIn(posted: Fields) {
    const { filter, faults } = askedFor(posted, EVENT_STATES, clock.now())
    const { customer, since, until, ...others } = filter
    const span = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) }
    const named =
      customer === undefined ? [] : ['Events are planned again by what they are, and not by a customer.']
    const none =
      Object.keys({ ...others, ...span }).length === 0
        ? ['Say which events: a filter has at least one field filled in.']
        : []
    const after = /^\d{1,15}$/.test(posted.after ?? '') ? { after: Number(posted.after) } : {}
    // Times as they are now: an hour ago is another time when the button is pressed.
    const instants = Object.fromEntries(Object.entries(span).map(([name, at]) => [name, isoOf(at)]))
    return {
      fields: { ...filterFields(posted), ...instants },
      filter: { ...others, ...span },
      faults: [...faults, ...named, ...none],
      ...after,
    }
  }
}

function hiddenOf(fields: Readonly<Record<string, string>>) {
  return Object.entries(fields).map(([name, value]) => ({ name, value }))
}
