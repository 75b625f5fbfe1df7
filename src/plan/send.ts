import { CLI_SOURCE, type ReadEvent, SEND_ROUTE } from '../event.ts'
import type { Plan } from '../ledger/ledger.ts'
import type { Customer, Policies } from '../message.ts'
import { noteOf, planMessage } from './plan.ts'

/** What an operator says with `postrider send`; the rest of the policies are the careful ones, which are the defaults of routes too. */
export type Said = Pick<
  Policies,
  'mode' | 'template' | 'channels' | 'findBy' | 'externalSource' | 'requireSessionMs' | 'expireAfterMs'
>

/**
 * The one message that an operator sends to one customer: planned as a route would, at once. `event`: of the source `cli`, one for each customer.
 * No brake, which is for what nobody has asked for.
 */
export function planSend(wanted: {
  event: ReadEvent
  customer: Customer
  said: Said
  configVersion: string
  /** Groups of caps in which it counts. */
  countsIn: readonly string[]
  defaultCountry: string | null
}): Plan {
  const { event, customer, said, configVersion } = wanted
  if (event.source !== CLI_SOURCE) throw new Error(`what is sent by hand has the source ${CLI_SOURCE}`)
  const message = planMessage({
    route: SEND_ROUTE,
    event,
    customer,
    space: said.externalSource,
    delayMs: 0,
    policies: {
      ...said,
      once: null,
      brake: null,
      maxAttempts: 8,
      onUnconfirmed: 'hold',
      activeConversation: 'wait',
      onUndelivered: 'none',
      purpose: 'service',
      oncePerMs: null,
      onRepeat: 'keep',
      quietHours: null,
      cap: null,
      onCap: 'skip',
      countsIn: wanted.countsIn,
    },
    defaultCountry: wanted.defaultCountry,
    cancelKeys: [],
    mend: 'Name the customer by one of these, then send again.',
  })
  return {
    state: 'planned',
    reason: null,
    notes: [noteOf(message)],
    messages: [message],
    configVersion,
    cancels: [],
    names: [],
    consent: null,
    suppress: null,
  }
}
