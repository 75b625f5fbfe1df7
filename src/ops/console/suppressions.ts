import type { Response, Router } from 'express'
import { CHANNELS } from '../../message.ts'
import { allowCustomer, suppressCustomer } from '../actions/suppress.ts'
import { namesMeant, namingIn } from '../actions/whom.ts'
import { maskReason } from '../mask.ts'
import { suppressionPlaceIn, suppressionPlaceText } from '../shapes/suppression.ts'
import type { ConsoleDeps } from './console.ts'
import { form } from './lists.ts'
import {
  type Fields,
  formIn,
  may,
  mayOrRefuse,
  operatorIn,
  page,
  pathWith,
  queryIn,
  refusal,
} from './page.ts'

const SHOWN = 100
const LONGEST_REASON = 500

/** `/suppressions`: who must not be written to. Names come as forms alone, and none is shown again. */
export function suppressionPages(router: Router, { ledger, config }: ConsoleDeps): void {
  router.get('/suppressions', (request, response) => show(response, null, null, queryIn(request).before))
  router.post('/suppressions', form, async (request, response) => {
    const fields = formIn(request)
    switch (fields.do) {
      case 'check': {
        if (!(await mayOrRefuse(response, 'read.unmasked'))) return
        const names = await whom(fields, response)
        if (names === null) return
        return show(response, null, { found: await ledger.reads.suppressed(names) })
      }
      case 'suppress': {
        if (!(await mayOrRefuse(response, 'suppress'))) return
        const names = await whom(fields, response)
        if (names === null) return
        const reason = fields.reason?.slice(0, LONGEST_REASON)
        if (reason === undefined) return refusal(response, 400, 'Nobody was suppressed: say why.')
        const channel = channelIn(fields)
        const wish = { names, channels: channel === null ? null : [channel], reason }
        const { added, kinds } = await suppressCustomer({ ledger }, { by: operatorIn(response).name }, wish)
        const said = added === 0 ? 'They were suppressed already.' : `Suppressed, by ${kinds.join(' and ')}.`
        return show(response, said, null)
      }
      case 'allow': {
        if (!(await mayOrRefuse(response, 'allow'))) return
        const names = await whom(fields, response)
        if (names === null) return
        const by = { by: operatorIn(response).name }
        const done = await allowCustomer({ ledger }, by, { names, channel: channelIn(fields) })
        if (done.kind === 'missing') return refusal(response, 404, done.reason)
        return show(response, 'They may be written to again.', { found: done.left })
      }
      default:
        return refusal(response, 400, 'Say what to do.')
    }
  })

  /** Null: it was answered already. */
  async function whom(fields: Fields, response: Response): Promise<string[] | null> {
    const naming = namingIn(config, fields.source)
    if (naming.kind === 'missing') {
      await refusal(response, 404, naming.reason)
      return null
    }
    const { externalId, email, phone } = fields
    const written = Object.fromEntries(
      Object.entries({ externalId, email, phone }).filter(([, value]) => value !== undefined),
    )
    const meant = namesMeant(written, naming.naming, fields.do === 'allow')
    if (meant.kind === 'named') return meant.names
    const why = meant.faults.join('; ') || 'nobody is named: externalId, email or phone'
    await refusal(response, 400, `Nothing was done: ${why}.`)
    return null
  }

  async function show(
    response: Response,
    said: string | null,
    checked: { found: Awaited<ReturnType<typeof ledger.reads.suppressed>> } | null,
    before?: string,
  ): Promise<void> {
    const { role } = operatorIn(response)
    const place = before === undefined ? null : suppressionPlaceIn(before)
    const { items, next } = await ledger.reads.suppressionPage({
      limit: SHOWN,
      ...(place === null ? {} : { before: place }),
    })
    const shown = (one: (typeof items)[number]) => ({ ...maskReason(one, role), kind: one.kind || 'unknown' })
    await page(response, 200, 'suppressions', {
      title: 'Suppressions',
      place: 'suppressions',
      said,
      checked: checked && { found: checked.found.map(shown) },
      list: items.map(shown),
      first: place === null,
      next: next && pathWith('/console/suppressions', { before: suppressionPlaceText(next) ?? '' }),
      channels: CHANNELS,
      sources: [...config.sources.keys()],
      mayName: may(response, 'read.unmasked'),
      maySuppress: may(response, 'suppress'),
      mayAllow: may(response, 'allow'),
    })
  }
}

function channelIn({ channel }: Fields) {
  return CHANNELS.find((one) => one === channel) ?? null
}
