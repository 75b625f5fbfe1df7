import { recheck } from '../actions/refused.ts'
import { RecheckedShape, RefusedShape, refusedJson } from '../shapes/refused.ts'
import { isoTime } from '../shapes/values.ts'
import { cursorText, inOrder, PageInUrl, Span, Text } from './asked.ts'
import { answer, operation } from './operation.ts'
import { pageOf } from './page.ts'

export const refused = [
  operation({
    id: 'listRefused',
    method: 'GET',
    path: '/refused',
    summary: 'Deliveries that were refused for their signature, of the last 24 hours, newest first',
    action: 'read',
    query: inOrder({ source: Text.exactOptional(), reason: Text.exactOptional(), ...Span, ...PageInUrl }),
    answer: pageOf(RefusedShape).meta({ id: 'RefusedPage' }),
    async run({ deps }, { query: { before, ...filter } }) {
      const found = await deps.ledger.reads.refusedDeliveries({
        ...filter,
        ...(before === undefined ? {} : { before: before.id }),
      })
      const last = found.length < filter.limit ? undefined : found.at(-1)
      return answer({
        items: found.map(refusedJson),
        next: cursorText(last ? { at: last.receivedAt, id: last.id } : null),
      })
    },
  }),
  operation({
    id: 'recheckRefused',
    method: 'POST',
    path: '/refused/recheck',
    summary:
      'Verify them with the present secrets as of their arrival, and take in those that prove authentic',
    action: 'refused.recheck',
    body: inOrder({ source: Text, ...Span }),
    answer: RecheckedShape,
    changes: 'many',
    problems: [404],
    async run({ deps, operator }, { body }) {
      const done = await recheck(deps, { by: operator.name }, body)
      if (done.kind === 'missing') return done
      const { source, since = null, until = null } = body
      return answer({ source, since: isoTime(since), until: isoTime(until), ...done.rechecked })
    },
  }),
]
