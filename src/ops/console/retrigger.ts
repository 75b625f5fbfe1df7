import { randomUUID } from 'node:crypto'
import express, { type Response, type Router } from 'express'
import { MESSAGE_STATES } from '../../message.ts'
import { beginPlanned, chooseMessages, MOST_IN_RUN, planRun, saidOf, wordsOf } from '../actions/runs.ts'
import { maskWords } from '../mask.ts'
import type { ConsoleDeps } from './console.ts'
import { askedFor, filterFields } from './filters.ts'
import { seenIn, seenText } from './ids.ts'
import { form } from './lists.ts'
import { once } from './once.ts'
import { type Fields, formIn, may, mayOrRefuse, operatorIn, page, refusal } from './page.ts'
import { countOf, isoOf } from './words.ts'

const LONGEST_REASON = 500
/** A plan is posted with the numbers of all that it holds. */
const planForm = express.urlencoded({ extended: false, limit: '2mb', parameterLimit: 50 })

/** To re-trigger many messages: what would become of them, and then a run of what was seen. */
export function retriggerPages(router: Router, deps: ConsoleDeps): void {
  const { ledger, clock } = deps

  router.post('/messages/plan', form, async (request, response) => {
    if (!(await mayOrRefuse(response, 'message.retry'))) return
    const wish = wishIn(formIn(request))
    if (wish.force && !(await mayOrRefuse(response, 'message.force'))) return
    await showPlan(response, wish)
  })

  router.post('/runs', planForm, async (request, response) => {
    if (!(await mayOrRefuse(response, 'message.retry'))) return
    const fields = formIn(request)
    const wish = wishIn(fields)
    if (wish.force && !(await mayOrRefuse(response, 'message.force'))) return
    if (wish.force && wish.reason === null) return refusal(response, 400, 'Nothing was begun: say why.')
    const seen = seenIn(fields.ids ?? '', MOST_IN_RUN)
    if (seen === null)
      return refusal(response, 400, 'Nothing was begun: see the plan first, and begin from there.')
    const by = operatorIn(response).name
    const led = await once(ledger, { what: 'run', by, fields }, async () => {
      // What nobody has seen is not begun, and what has changed since is foreseen once more.
      const plan = await planRun(deps, { by }, { ids: [...seen.keys()], ...wish })
      const begun = await beginPlanned(deps, { by }, { plan, filter: filterIn(wish).filter, seen, ...wish })
      return begun.kind === 'refused' ? begun : { kind: 'done', path: `/console/runs/${begun.run.id}` }
    })
    if (led.kind !== 'done') return refusal(response, 409, led.reason)
    response.redirect(303, led.path)
  })

  type Wish = { fields: Fields; id: number | null; force: boolean; late: boolean; reason: string | null }

  function wishIn(fields: Fields): Wish {
    const id = /^\d{1,15}$/.test(fields.id ?? '') ? Number(fields.id) : null
    const reason = fields.because?.slice(0, LONGEST_REASON) ?? null
    return { fields, id, force: fields.force === 'yes', late: fields.late === 'yes', reason }
  }

  function filterIn({ fields }: Wish) {
    const { filter, faults } = askedFor(fields, MESSAGE_STATES, clock.now())
    return { filter, faults }
  }

  async function showPlan(response: Response, wish: Wish): Promise<void> {
    const { id, force, late, reason } = wish
    const { filter, faults } = filterIn(wish)
    if (faults.length > 0) return refusal(response, 409, faults.join(' '))
    if (id === null && Object.keys(filter).length === 0) {
      return refusal(response, 409, 'Say which messages: a filter has at least one field filled in.')
    }
    const chosen = id === null ? await chooseMessages(deps, filter) : { kind: 'chosen' as const, ids: [id] }
    if (chosen.kind === 'refused') return refusal(response, 409, chosen.reason)
    const { name: by, role } = operatorIn(response)
    // One message alone is planned as its own page re-triggers it.
    const plan = await planRun(deps, { by }, { ids: chosen.ids, force, late, reason, alone: id !== null })
    // Times as they are now: an hour ago is another time when the button is pressed.
    const fields = { ...filterFields(wish.fields), ...instants(filter) }
    const counted = (code: string) =>
      plan.outcomes.filter((one) => one.outcome === 'refused' && one.code === code).length > 0
    await page(response, 200, 'plan', {
      title: 'What would become of them',
      place: 'messages',
      id,
      said: saidOf(plan, countOf),
      count: plan.messages,
      outcomes: plan.outcomes.map((one) => ({
        ...one,
        words: wordsOf(one),
        reason: REASONS[`${one.outcome} ${one.code}`] ?? maskWords(one.reason, role),
        tone: one.outcome === 'sent' ? 'good' : one.outcome === 'refused' ? 'plain' : 'wait',
      })),
      retriable: plan.retriable.length,
      sent: plan.outcomes
        .filter(({ outcome }) => outcome === 'sent')
        .reduce((sum, { count }) => sum + count, 0),
      ids: seenText(plan.retriable, plan.attempts),
      filter: Object.entries(fields).map(([name, value]) => ({ name, value })),
      chosen: Object.entries(fields)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
      force,
      late,
      because: reason ?? '',
      mayForce:
        !force && may(response, 'message.force') && (counted('sent-before') || counted('unconfirmed')),
      mayLate: !late && counted('expired'),
      key: randomUUID(),
    })
  }
}

/** Where the words of the ledger speak of commands, those of a page. */
const REASONS: Readonly<Record<string, string>> = {
  'refused sent-before': 'The customer has it. An admin can send it once more, with a reason.',
  'refused unconfirmed':
    'Nobody knows whether the customer has it. See in Genesys Cloud and say so on the page of the message.',
  'refused expired':
    'It was to be sent earlier. Below you can take those along: their time then begins anew.',
}

function instants({ since, until }: { since?: number; until?: number }): Record<string, string> {
  return {
    ...(since === undefined ? {} : { since: isoOf(since) }),
    ...(until === undefined ? {} : { until: isoOf(until) }),
  }
}
