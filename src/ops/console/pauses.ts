import type { Router } from 'express'
import type { Config } from '../../config/config.ts'
import { parseDuration } from '../../config/duration.ts'
import { CLI_SOURCE, SEND_ROUTE } from '../../event.ts'
import { CHANNELS, type Pause, type PauseScope, PROBED_PAUSES } from '../../message.ts'
import { pauseSending, resumePause } from '../actions/pauses.ts'
import { nameOf } from '../attention.ts'
import { LONGEST_MS } from '../instants.ts'
import { maskReason } from '../mask.ts'
import type { ConsoleDeps } from './console.ts'
import { form } from './lists.ts'
import {
  formIn,
  idIn,
  may,
  mayOrRefuse,
  operatorIn,
  page,
  pathWith,
  queryIn,
  refusal,
  saidIn,
} from './page.ts'

const LONGEST_REASON = 500
const SAID: Readonly<Record<string, string>> = { paused: 'Paused. Receiving goes on.', resumed: 'Resumed.' }

/** `/pauses`: what does not send, and why; to pause and to resume. */
export function pausePages(router: Router, { ledger, config }: ConsoleDeps): void {
  router.get('/pauses', async (request, response) => {
    const { said, live, what } = queryIn(request)
    const { role } = operatorIn(response)
    const pauses = await ledger.pauses()
    await page(response, 200, 'pauses', {
      title: 'Pauses',
      place: 'pauses',
      said: saidIn(SAID, said),
      pauses: pauses.map((pause) => ({ ...maskReason(pause, role), ...wordsOf(pause) })),
      mayPause: may(response, 'pause'),
      mayResume: may(response, 'resume'),
      targets: targetsOf(config),
      chosen: what ?? 'all',
      live: live !== 'off',
      self: pathWith('/console/pauses', { what }),
      other: pathWith('/console/pauses', { what, live: live === 'off' ? undefined : 'off' }),
    })
  })
  router.post('/pauses', form, async (request, response) => {
    if (!(await mayOrRefuse(response, 'pause'))) return
    const { what = 'all', reason, for: length } = formIn(request)
    const target = targetsOf(config).find(({ value }) => value === what)
    if (!target)
      return refusal(response, 404, 'Nothing is paused: the configuration has nothing of this name.')
    const forMs = length === undefined ? null : parseDuration(length)
    if (length !== undefined && (forMs === null || forMs === 0 || forMs > LONGEST_MS)) {
      return refusal(response, 400, `Nothing is paused: a duration is 30m, 2h or 7d, and not ${length}.`)
    }
    if (reason === undefined) return refusal(response, 400, 'Nothing is paused: say why.')
    const by = { by: operatorIn(response).name }
    const { scope, target: name } = target
    const wish = { scope, name, reason: reason.slice(0, LONGEST_REASON), forMs }
    const done = await pauseSending({ ledger, config }, by, wish)
    if (done.kind === 'missing') return refusal(response, 404, done.reason)
    response.redirect(303, '/console/pauses?said=paused')
  })
  router.post('/pauses/:id/resume', form, async (request, response) => {
    if (!(await mayOrRefuse(response, 'resume'))) return
    const id = idIn(request)
    if (id === null) return refusal(response, 404, 'There is no such pause.')
    const done = await resumePause({ ledger }, { by: operatorIn(response).name }, { id })
    if (done.kind === 'missing') return refusal(response, 409, done.reason)
    response.redirect(303, '/console/pauses?said=resumed')
  })
}

function wordsOf(pause: Pause) {
  const { scope, name, code } = pause
  const probed = (PROBED_PAUSES as readonly string[]).includes(code)
  const words = nameOf(pause)
  return {
    name: `${words.charAt(0).toUpperCase()}${words.slice(1)}`,
    end: probed ? 'it tries again by itself' : 'it ends by itself',
    button: probed ? 'Try at once' : 'Resume',
    href: pathWith('/console/messages', {
      state: 'scheduled',
      ...(scope === 'route' || scope === 'source' ? { [scope]: name ?? '' } : {}),
    }),
  }
}

type Target = { value: string; name: string; scope: PauseScope; target: string | null }

/** What can be paused: all that the configuration names, and what operators send by hand. */
function targetsOf({ routes, sources }: Config): Target[] {
  const one = (scope: PauseScope, target: string): Target => ({
    value: `${scope} ${target}`,
    name: `${scope} ${target}`,
    scope,
    target,
  })
  return [
    { value: 'all', name: 'all sending', scope: 'all', target: null },
    ...[...routes.map(({ name }) => name), SEND_ROUTE].map((name) => one('route', name)),
    ...[...sources.keys(), CLI_SOURCE].map((name) => one('source', name)),
    ...CHANNELS.map((name) => one('channel', name)),
  ]
}
