import { randomUUID } from 'node:crypto'
import type { Response, Router } from 'express'
import type { Message } from '../../message.ts'
import { type ActedOn, cancelMessage, retryMessage, settleMessage } from '../actions/messages.ts'
import { wholeMessage } from '../whole.ts'
import type { ConsoleDeps } from './console.ts'
import { form } from './lists.ts'
import { once } from './once.ts'
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

/** What is said on the page to which an action leads. */
const SAID: Readonly<Record<string, string>> = {
  retried: 'Re-triggered. What becomes of it is below.',
  cancelled: 'Cancelled. It is not sent.',
  settled: 'Settled, as you said.',
}

/** `/messages/:id`: one message with its time line, its text, its attempts, and what can be done with it. */
export function messagePages(router: Router, deps: ConsoleDeps): void {
  router.get('/messages/:id', async (request, response) => {
    const id = idIn(request)
    const whole = id === null ? null : await wholeMessage(deps, id, operatorIn(response).role)
    if (whole === null) return refusal(response, 404, 'There is no such message.')
    const { message, event, attempts, timeline } = whole
    const { said, live } = queryIn(request)
    const moves = isMoving(message)
    const self = `/console/messages/${id}`
    await page(response, 200, 'message', {
      title: `Message ${id}`,
      place: 'messages',
      message,
      customer: Object.entries(message.customer).map(([name, value]) => ({ name, value })),
      event,
      moments: timeline,
      attempts,
      rendered: attempts.at(-1)?.rendered ?? message.wouldSend,
      renderedNote: attempts.length > 0 ? 'As it was sent last' : 'As it would be sent',
      policies: policyLines(message),
      masked: !may(response, 'read.unmasked'),
      said: saidIn(SAID, said),
      live: moves && live !== 'off',
      self: pathWith(self, { live }),
      other: moves ? pathWith(self, { live: live === 'off' ? undefined : 'off' }) : null,
      // A message that was sent, now or before, is sent once more only by force.
      retry: retryOf(message, response),
      key: randomUUID(),
      cancel: message.state === 'scheduled' && may(response, 'message.cancel'),
      settle: message.state === 'unconfirmed' && may(response, 'message.settle'),
    })
  })

  router.post('/messages/:id/retry', form, async (request, response) => {
    if (!(await mayOrRefuse(response, 'message.retry'))) return
    const fields = formIn(request)
    const force = fields.force === 'yes'
    if (force && !(await mayOrRefuse(response, 'message.force'))) return
    const id = idIn(request)
    if (id === null) return refusal(response, 404, 'There is no such message.')
    const by = operatorIn(response).name
    // By force a form that comes twice would be two messages too many.
    const led = await once(deps.ledger, { what: `retry ${id}`, by, fields }, async () => {
      const acted = await retryMessage(deps, { by }, { id, force, reason: reasonIn(fields) })
      return acted.kind === 'done' ? { kind: 'done', path: `/console/messages/${id}?said=retried` } : acted
    })
    if (led.kind !== 'done') return refusal(response, led.kind === 'missing' ? 404 : 409, led.reason)
    response.redirect(303, led.path)
  })
  action('cancel', 'cancelled', (id, fields, by) =>
    cancelMessage(deps, { by }, { id, reason: reasonIn(fields) }),
  )
  action('settle', 'settled', async (id, fields, by) => {
    const as = fields.as === 'sent' ? 'sent' : fields.as === 'not-sent' ? 'not-sent' : null
    if (as === null) return { kind: 'refused', reason: 'Say as what: sent or not sent.' }
    return settleMessage(deps, { by }, { id, as, reason: reasonIn(fields) })
  })

  function action(
    name: 'cancel' | 'settle',
    said: string,
    act: (id: number, fields: ReturnType<typeof formIn>, by: string) => Promise<ActedOn>,
  ): void {
    router.post(`/messages/:id/${name}`, form, async (request, response) => {
      if (!(await mayOrRefuse(response, `message.${name}`))) return
      const id = idIn(request)
      if (id === null) return refusal(response, 404, 'There is no such message.')
      const acted = await act(id, formIn(request), operatorIn(response).name)
      if (acted.kind !== 'done') return refusal(response, acted.kind === 'missing' ? 404 : 409, acted.reason)
      response.redirect(303, `/console/messages/${id}?said=${said}`)
    })
  }
}

function reasonIn({ reason }: ReturnType<typeof formIn>): string | null {
  return reason?.slice(0, LONGEST_REASON) ?? null
}

/** What may change by itself while somebody looks. */
function isMoving({ state, lookAt }: Message): boolean {
  return state === 'scheduled' || state === 'sending' || lookAt !== null
}

/** `plain`: a button; `force`: with a reason; null: nothing can be done, or not by this operator. */
function retryOf({ state, sentAt, removed }: Message, response: Response): 'plain' | 'force' | null {
  if (removed !== undefined || state === 'scheduled' || state === 'sending') return null
  if (!may(response, 'message.retry')) return null
  if (state !== 'sent' && sentAt === null) return 'plain'
  return may(response, 'message.force') ? 'force' : null
}

function policyLines({ policies, configVersion, expireAt, dueAt }: Message) {
  return [
    { name: 'template', value: policies.template },
    { name: 'channels', value: policies.channels.join(', ') },
    { name: 'found by', value: policies.findBy.join(', ') },
    { name: 'mode', value: policies.mode },
    { name: 'purpose', value: policies.purpose },
    { name: 'once', value: policies.once === null ? 'no' : 'yes' },
    { name: 'tries at most', value: String(policies.maxAttempts) },
    { name: 'due', at: dueAt, value: '' },
    { name: 'not after', at: expireAt, value: '' },
    { name: 'configuration', value: configVersion },
  ].map((line) => ({ at: null, ...line }))
}
