import { randomUUID } from 'node:crypto'
import type { Response, Router } from 'express'
import type { RetryPlan } from '../../deliver/foresee.ts'
import { EVENT_STATES } from '../../event.ts'
import { MESSAGE_STATES } from '../../message.ts'
import { hashOf } from '../access/secrets.ts'
import { replanChosen, replanEvent } from '../actions/replan.ts'
import { beginPlanned, chooseMessages, planRun } from '../actions/runs.ts'
import { maskWords } from '../mask.ts'
import type { ConsoleDeps } from './console.ts'
import { askedFor, filterFields } from './filters.ts'
import { form } from './lists.ts'
import { type Fields, formIn, idIn, may, mayOrRefuse, operatorIn, page, pathWith, refusal } from './page.ts'
import { countOf, isoOf } from './words.ts'

const LONGEST_REASON = 500

/** To re-trigger many messages: what would become of them, and then a run. To plan many events again. */
export function retriggerPages(router: Router, deps: ConsoleDeps): void {
  const { ledger, clock } = deps

  router.post('/messages/plan', form, async (request, response) => {
    if (!(await mayOrRefuse(response, 'message.retry'))) return
    const wish = wishIn(formIn(request))
    if (wish.force && !(await mayOrRefuse(response, 'message.force'))) return
    await showPlan(response, wish, null)
  })

  router.post('/runs', form, async (request, response) => {
    if (!(await mayOrRefuse(response, 'message.retry'))) return
    const fields = formIn(request)
    const wish = wishIn(fields)
    if (wish.force && !(await mayOrRefuse(response, 'message.force'))) return
    if (wish.force && wish.reason === null) return refusal(response, 400, 'Nothing was begun: say why.')
    const by = operatorIn(response).name
    // A second click must not begin a second run, of which each message would be one too many.
    const key = hashOf(`console run\0${by}\0${fields.key ?? randomUUID()}`)
    const taken = await ledger.beginKey(key, hashOf(JSON.stringify(Object.entries(fields).sort())))
    if (taken.kind === 'done') return response.redirect(303, `/console/runs/${taken.answer.body}`)
    if (taken.kind !== 'new')
      return refusal(response, 409, 'This was asked for already. See the list of runs.')
    const planned = await planOf(response, wish)
    if (planned.kind === 'refused') {
      await ledger.releaseKey(key)
      return refusal(response, 409, planned.reason)
    }
    // What nobody has seen is not begun.
    if (planned.plan.retriable.length > Number(fields.seen ?? 0)) {
      await ledger.releaseKey(key)
      return showPlan(
        response,
        wish,
        'More messages match now than you have seen. This is what there is now.',
      )
    }
    const { force, reason } = wish
    const begun = await beginPlanned(
      deps,
      { by },
      { plan: planned.plan, filter: planned.filter, force, reason },
    )
    if (begun.kind === 'refused') {
      await ledger.releaseKey(key)
      return refusal(response, 409, begun.reason)
    }
    await ledger.endKey(key, { status: 303, body: String(begun.run.id) })
    response.redirect(303, `/console/runs/${begun.run.id}`)
  })

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
    const { fields, filter, faults } = eventsIn(formIn(request))
    if (faults.length > 0) return refusal(response, 400, faults.join(' '))
    const ids = await ledger.reads.eventIds({ ...filter, limit: MOST_COUNTED + 1 })
    await page(response, 200, 'replan', {
      title: 'Plan events again',
      place: 'events',
      filter: Object.entries(fields).map(([name, value]) => ({ name, value })),
      count: ids.length,
      tooMany: ids.length > MOST_COUNTED,
      done: null,
      next: null,
    })
  })
  router.post('/events/replan', form, async (request, response) => {
    if (!(await mayOrRefuse(response, 'event.replan'))) return
    const posted = formIn(request)
    const { fields, filter, faults } = eventsIn(posted)
    if (faults.length > 0) return refusal(response, 400, faults.join(' '))
    const after = /^\d{1,15}$/.test(posted.after ?? '') ? { after: Number(posted.after) } : {}
    const by = { by: operatorIn(response).name }
    const done = await replanChosen(deps, by, { filter, ...after })
    if (done.kind === 'refused') return refusal(response, 409, done.reason)
    const left = done.outcomes.filter(({ state }) => state !== 'planned' && state !== 'unrouted')
    await page(response, 200, 'replan', {
      title: 'Plan events again',
      place: 'events',
      filter: Object.entries(fields).map(([name, value]) => ({ name, value })),
      count: 0,
      tooMany: false,
      next: done.next,
      done: {
        planned: done.outcomes.length,
        added: done.outcomes.reduce((sum, { added }) => sum + added, 0),
        left: left.length,
        shown: left.slice(0, SHOWN),
      },
    })
  })

  type Wish = { fields: Fields; id: number | null; force: boolean; reason: string | null }

  function wishIn(fields: Fields): Wish {
    const id = /^\d{1,15}$/.test(fields.id ?? '') ? Number(fields.id) : null
    const reason = fields.because?.slice(0, LONGEST_REASON) ?? null
    return { fields, id, force: fields.force === 'yes', reason }
  }

  async function planOf(response: Response, { fields, id, force, reason }: Wish) {
    const { filter, faults } = askedFor(fields, MESSAGE_STATES, clock.now())
    if (faults.length > 0) return { kind: 'refused' as const, reason: faults.join(' ') }
    if (id === null && Object.keys(filter).length === 0) {
      return {
        kind: 'refused' as const,
        reason: 'Say which messages: a filter has at least one field filled in.',
      }
    }
    const chosen = id === null ? await chooseMessages(deps, filter) : { kind: 'chosen' as const, ids: [id] }
    if (chosen.kind === 'refused') return chosen
    const by = { by: operatorIn(response).name }
    const plan = await planRun(deps, by, { ids: chosen.ids, force, reason })
    return { kind: 'planned' as const, plan, filter }
  }

  async function showPlan(response: Response, wish: Wish, note: string | null): Promise<void> {
    const planned = await planOf(response, wish)
    if (planned.kind === 'refused') return refusal(response, 409, planned.reason)
    const { plan, filter } = planned
    // Times as they are now: an hour ago is another time when the button is pressed.
    const fields = { ...filterFields(wish.fields), ...instants(filter) }
    const { role } = operatorIn(response)
    await page(response, 200, 'plan', {
      title: 'What would become of them',
      place: 'messages',
      note,
      id: wish.id,
      said: saidOf(plan),
      count: plan.messages,
      outcomes: plan.outcomes.map((one) => ({
        ...one,
        words: wordsOf(one),
        reason: maskWords(one.reason, role),
        tone: one.outcome === 'sent' ? 'good' : one.outcome === 'refused' ? 'plain' : 'wait',
      })),
      retriable: plan.retriable.length,
      filter: Object.entries(fields).map(([name, value]) => ({ name, value })),
      chosen: Object.entries(fields)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
      force: wish.force,
      because: wish.reason ?? '',
      mayForce: may(response, 'message.force'),
      sentBefore: plan.outcomes.some(({ code }) => code === 'sent-before'),
      key: randomUUID(),
    })
  }

  function eventsIn(posted: Fields) {
    const { filter, faults } = askedFor(posted, EVENT_STATES, clock.now())
    const { customer, ...others } = filter
    const named =
      customer === undefined ? [] : ['Events are planned again by what they are, and not by a customer.']
    const none =
      Object.keys(others).length === 0 ? ['Say which events: a filter has at least one field filled in.'] : []
    return {
      fields: { ...filterFields(posted), ...instants(others) },
      filter: others,
      faults: [...faults, ...named, ...none],
    }
  }
}

/** So many are counted; who means more does it in parts. */
const MOST_COUNTED = 100_000
const SHOWN = 50

function instants({ since, until }: { since?: number; until?: number }): Record<string, string> {
  return {
    ...(since === undefined ? {} : { since: isoOf(since) }),
    ...(until === undefined ? {} : { until: isoOf(until) }),
  }
}

/** What a plan says of each group, for who reads no table. */
const WORDS: Readonly<Record<string, string>> = {
  sent: 'would be sent',
  'refused sent-before': 'were sent already',
  'refused scheduled': 'are scheduled already',
  'refused sending': 'are being sent',
  'refused key-taken': 'have a key (once) that another message holds',
  'refused missing': 'do not exist',
  'skipped suppressed': 'are suppressed',
  'skipped no-consent': 'have no consent',
  'skipped cap': 'are over the cap',
  'skipped shadow': 'are of routes in shadow',
  'skipped expired': 'expired',
  'deferred cap': 'would wait for room under the cap',
  'paused brake': 'would wait because of the brake',
  'failed template-error': 'would fail: their template is wrong',
}

function wordsOf({ outcome, code }: RetryPlan['outcomes'][number]): string {
  const name = code === null ? outcome : `${outcome} ${code}`
  return WORDS[name] ?? `${outcome}${code === null ? '' : ` (${code})`}`
}

/** `12 would be sent, 30 were sent already, 3 are suppressed`. */
function saidOf({ outcomes }: RetryPlan): string {
  return outcomes.map((one) => `${countOf(one.count)} ${wordsOf(one)}`).join(', ')
}
