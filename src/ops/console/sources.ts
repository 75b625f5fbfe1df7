import type { Router } from 'express'
import { recheck } from '../actions/refused.ts'
import { type Expected, silentSince } from '../attention.ts'
import { instantOf } from '../instants.ts'
import { adviceParts, shortWords } from '../refused-advice.ts'
import { sourceJson } from '../shapes/source.ts'
import type { ConsoleDeps } from './console.ts'
import { form } from './lists.ts'
import { formIn, may, mayOrRefuse, operatorIn, page, refusal } from './page.ts'
import { dayOf, isoOf } from './words.ts'

/** So many of the refused deliveries are listed; the others are counted. */
const SHOWN = 50

/** `/sources`: who sends, whether they are heard of, what was refused and how that is mended. */
export function sourcePages(router: Router, deps: ConsoleDeps): void {
  const { ledger, config, baseUrl, clock } = deps

  router.get('/sources', async (_request, response) => {
    const trouble = await ledger.reads.trouble()
    await page(response, 200, 'sources', {
      title: 'Sources',
      place: 'sources',
      sources: [...config.sources.values()].map((source) => {
        const refused = trouble.refused.filter((one) => one.source === source.name)
        const last = refused.toSorted((a, b) => b.lastAt - a.lastAt)[0] ?? null
        const { title, url, secrets } = sourceJson(source, baseUrl())
        return {
          name: source.name,
          title,
          url,
          secrets,
          ...heard(source, trouble, clock.now()),
          refused: refused.reduce((sum, { count }) => sum + count, 0),
          lastRefused: last && { at: last.lastAt, words: shortWords(last.reason) },
        }
      }),
      // Nobody's: what was posted to names that the configuration does not have.
      others: trouble.refused.filter(({ source }) => !config.sources.has(source)),
    })
  })

  router.get('/sources/:name', async (request, response) => {
    const source = config.sources.get(request.params.name)
    if (!source) return refusal(response, 404, 'The configuration has no source of this name.')
    const { name } = source
    const [trouble, kept] = await Promise.all([
      ledger.reads.trouble(),
      ledger.reads.refusedDeliveries({ source: name, limit: SHOWN }),
    ])
    const recheckable = trouble.recheckable.filter((one) => one.source === name)
    const oldest = Math.min(...recheckable.map(({ since }) => since))
    await page(response, 200, 'source', {
      title: `Source ${name}`,
      place: 'sources',
      source: sourceJson(source, baseUrl()),
      isPublic: source.publicUrl !== null,
      ...heard(source, trouble, clock.now()),
      refused: trouble.refused
        .filter((one) => one.source === name)
        .map((one) => ({
          ...one,
          words: shortWords(one.reason),
          advice: adviceHere(name, one.reason),
          kept: recheckable.find(({ reason }) => reason === one.reason)?.count ?? 0,
        })),
      kept: kept.map((one) => ({ ...one, words: shortWords(one.reason) })),
      waiting: recheckable.reduce((sum, { count }) => sum + count, 0),
      since: Number.isFinite(oldest) ? `${isoOf(oldest).slice(0, 16)}Z` : '',
      mayRecheck: may(response, 'refused.recheck'),
    })
  })

  router.post('/sources/:name/recheck', form, async (request, response) => {
    if (!(await mayOrRefuse(response, 'refused.recheck'))) return
    const { since: text } = formIn(request)
    const since = text === undefined ? null : instantOf(text, clock.now())
    if (text !== undefined && since === null) {
      return refusal(
        response,
        400,
        'Nothing was looked at: since is a time such as 02:00, 7h (ago) or 2026-11-23T02:00.',
      )
    }
    const source = String(request.params.name)
    const by = { by: operatorIn(response).name }
    const done = await recheck(deps, by, { source, ...(since === null ? {} : { since }) })
    if (done.kind === 'missing')
      return refusal(response, 404, 'The configuration has no source of this name.')
    const { rechecked } = done
    await page(response, 200, 'rechecked', {
      title: `Refused deliveries of ${source}`,
      place: 'sources',
      source,
      rechecked,
      since: since === null ? null : dayOf(since),
      still: Object.entries(rechecked.refused).map(([reason, count]) => ({
        count,
        words: shortWords(reason),
        advice: adviceHere(source, reason),
      })),
    })
  })
}

function heard(source: Expected, trouble: Parameters<typeof silentSince>[1], now: number) {
  const lastAt = trouble.lastEventAt[source.name] ?? null
  return { lastAt, silent: silentSince(source, trouble, now) !== null }
}

/** What to do, without the way to the command that shows how the sender is set up: the page itself does. */
function adviceHere(source: string, reason: string): string {
  const words = adviceParts(source, reason).todo.replace(/ How its side is set up:$/, '')
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`
}
