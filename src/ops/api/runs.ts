import { z } from 'zod'
import { RUN_STATES } from '../../ledger/run.ts'
import type { Role } from '../../operator.ts'
import { missing } from '../actions/outcome.ts'
import { beginRun, chooseMessages, MOST_IN_RUN, planRun, stopRun } from '../actions/runs.ts'
import { maskReason, maskWords } from '../mask.ts'
import { type RetryPlanJson, RetryPlanShape, retryPlanJson } from '../shapes/retry-plan.ts'
import { RunReportShape, RunShape, runJson, runReportJson } from '../shapes/run.ts'
import {
  ById,
  CustomerNamed,
  cursorText,
  filterOf,
  MessagesWanted,
  PageInUrl,
  Reason,
  someOf,
} from './asked.ts'
import { answer, operation } from './operation.ts'
import { pageOf } from './page.ts'

const Wish = z.strictObject({
  filter: someOf({
    ...MessagesWanted,
    ...CustomerNamed,
    limit: z.int().min(1).max(MOST_IN_RUN).exactOptional(),
  }),
  force: z
    .boolean()
    .default(false)
    .meta({ description: 'Also messages that were sent, or are unconfirmed; needs a reason.' }),
  late: z
    .boolean()
    .default(false)
    .meta({ description: 'Also messages whose time (expireAfter) is over; it begins anew.' }),
  reason: Reason.exactOptional(),
})

const forced = ({ body }: { body: z.output<typeof Wish> }) => (body.force ? (['message.force'] as const) : [])

export const runs = [
  operation({
    id: 'listRuns',
    method: 'GET',
    path: '/runs',
    summary: 'Many messages that are re-triggered together, newest first',
    action: 'read',
    query: z.strictObject({ state: z.enum(RUN_STATES).exactOptional(), ...PageInUrl }),
    answer: pageOf(RunShape).meta({ id: 'RunPage' }),
    async run({ deps, operator }, { query: { before, ...filter } }) {
      const place = before === undefined ? {} : { before: before.id }
      const found = await deps.ledger.reads.runs({ ...filter, ...place })
      const last = found.length < filter.limit ? undefined : found.at(-1)
      return answer({
        items: found.map((run) => maskReason(runJson(run), operator.role)),
        next: cursorText(last ? { at: last.createdAt, id: last.id } : null),
      })
    },
  }),
  operation({
    id: 'getRun',
    method: 'GET',
    path: '/runs/{id}',
    summary: 'One run, and what has become of its messages so far',
    action: 'read',
    params: ById,
    answer: RunReportShape,
    problems: [404],
    async run({ deps, operator: { role } }, { params: { id } }) {
      const run = await deps.ledger.reads.run(id)
      if (!run) return missing(`There is no run ${id}.`)
      const report = runReportJson(run)
      const refusals = report.refusals.map((one) => ({ ...one, reason: maskWords(one.reason, role) }))
      const waitsFor = report.waitsFor.map((one) => ({ ...one, reason: maskWords(one.reason, role) }))
      return answer({ ...maskReason(report, role), refusals, waitsFor })
    },
  }),
  operation({
    id: 'planRun',
    method: 'POST',
    path: '/runs/plan',
    summary:
      'What would become of the messages that a filter selects if they were re-triggered now; changes nothing',
    action: 'message.retry',
    also: forced,
    body: Wish,
    answer: RetryPlanShape,
    problems: [409],
    async run({ deps, operator }, { body: { filter, reason = null, ...wish } }) {
      const chosen = await chooseMessages(deps, filterOf(filter))
      if (chosen.kind === 'refused') return chosen
      const plan = await planRun(deps, { by: operator.name }, { ids: chosen.ids, reason, ...wish })
      return answer(masked(retryPlanJson(plan, null), operator.role))
    },
  }),
  operation({
    id: 'beginRun',
    method: 'POST',
    path: '/runs',
    summary: 'Re-trigger the messages that a filter selects, one after another',
    action: 'message.retry',
    also: forced,
    body: Wish,
    answer: RetryPlanShape,
    status: 202,
    changes: 'many',
    problems: [409],
    async run({ deps, operator }, { body: { filter, reason = null, ...wish } }) {
      const asked = { filter: filterOf(filter), reason, ...wish }
      const begun = await beginRun(deps, { by: operator.name }, asked)
      if (begun.kind === 'refused') return begun
      return answer(masked(retryPlanJson(begun.plan, begun.run), operator.role))
    },
  }),
  operation({
    id: 'stopRun',
    method: 'POST',
    path: '/runs/{id}/stop',
    summary: 'Re-trigger no more messages of a run; those that were go on',
    action: 'message.retry',
    params: ById,
    answer: RunShape,
    changes: 'one',
    problems: [404, 409],
    async run({ deps, operator }, { params }) {
      const stopped = await stopRun(deps, { by: operator.name }, params)
      return stopped.kind === 'stopped' ? answer(maskReason(runJson(stopped.run), operator.role)) : stopped
    },
  }),
]

function masked(plan: RetryPlanJson, role: Role): RetryPlanJson {
  return {
    ...plan,
    outcomes: plan.outcomes.map((one) => maskReason(one, role)),
    run: plan.run && maskReason(plan.run, role),
  }
}
