import type { Router } from 'express'
import { chosenBy, stopRun } from '../actions/runs.ts'
import { nameOf } from '../attention.ts'
import { maskReason } from '../mask.ts'
import type { ConsoleDeps } from './console.ts'
import { form } from './lists.ts'
import { idIn, may, mayOrRefuse, operatorIn, page, pathWith, queryIn, refusal } from './page.ts'
import { dayOf } from './words.ts'

const SHOWN = 50

/** `/runs`: many messages that are re-triggered together, how far each is, and to stop it. */
export function runPages(router: Router, { ledger }: ConsoleDeps): void {
  router.get('/runs', async (request, response) => {
    const { role } = operatorIn(response)
    const { before } = queryIn(request)
    const place = /^\d{1,15}$/.test(before ?? '') ? { before: Number(before) } : {}
    const runs = await ledger.reads.runs({ limit: SHOWN, ...place })
    const last = runs.at(-1)
    await page(response, 200, 'runs', {
      title: 'Runs',
      place: 'runs',
      next: runs.length === SHOWN && last ? pathWith('/console/runs', { before: last.id }) : null,
      runs: runs.map((run) => ({ ...maskReason(run, role), chosen: chosenBy(run, dayOf) })),
    })
  })
  router.get('/runs/:id', async (request, response) => {
    const id = idIn(request)
    const run = id === null ? null : await ledger.reads.run(id)
    if (id === null || run === null) return refusal(response, 404, 'There is no such run.')
    const { role } = operatorIn(response)
    const { live } = queryIn(request)
    const { messages } = run
    const moving =
      run.state === 'preparing' || run.state === 'running' || messages.scheduled + messages.sending > 0
    const self = `/console/runs/${id}`
    await page(response, 200, 'run', {
      title: `Run ${id}`,
      place: 'runs',
      run: { ...maskReason(run, role), chosen: chosenBy(run, dayOf) },
      done: run.retried + run.refused,
      waitsFor: run.waitsFor.map((pause) => ({ ...maskReason(pause, role), name: nameOf(pause) })),
      states: Object.entries(messages)
        .filter(([, count]) => count > 0)
        .map(([state, count]) => ({ state, count })),
      refusals: run.refusals.map((one) => maskReason(one, role)),
      stop: (run.state === 'preparing' || run.state === 'running') && may(response, 'message.retry'),
      live: moving && live !== 'off',
      self: pathWith(self, { live }),
      other: moving ? pathWith(self, { live: live === 'off' ? undefined : 'off' }) : null,
    })
  })
  router.post('/runs/:id/stop', form, async (request, response) => {
    if (!(await mayOrRefuse(response, 'message.retry'))) return
    const id = idIn(request)
    if (id === null) return refusal(response, 404, 'There is no such run.')
    const done = await stopRun({ ledger }, { by: operatorIn(response).name }, { id })
    if (done.kind !== 'stopped') return refusal(response, done.kind === 'missing' ? 404 : 409, done.reason)
    response.redirect(303, `/console/runs/${id}`)
  })
}
