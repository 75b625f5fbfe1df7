import assert from 'node:assert/strict'
import type { ReadEvent } from '../../src/event.ts'
import type { Ledger, Recordable } from '../../src/ledger/ledger.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { createRig, type Rig } from '../deliver/rig.ts'
import { heldAgainst, type Verdict } from './held-against.ts'
import { createJournal, type Journal, type Noted } from './journal.ts'
import { type Chance, chanceFrom } from './random.ts'
import { readEvent, type Told } from './world.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

/** So many are recorded at once. */
const WAVE = 200

/** As many calls at once as workers ever make: at a slower pace each would be answered before the next, since time stands still meanwhile. */
const RATE_PER_MINUTE = 600_000

const ROUTE = `channels: [sms]
    brake: none
    expireAfter: 7d
    maxAttempts: 20
    cap: { messages: 9, per: 5m, group: all }
    cancelOn: [{ on: crm/ticket.reopened, match: "{{ data.ticket.id }}" }]
  cart-left:
    on: crm/cart.updated
    template: cart-left
    channels: [email]
    brake: none
    expireAfter: 7d
    maxAttempts: 20
    cap: { messages: 4, per: 1m, group: nudges }
    onCap: defer
    cancelOn: [{ on: crm/ticket.reopened, match: "{{ data.ticket.id }}" }]`

/**
 * Two workers send to a crowd over HTTP while more is recorded, tickets are reopened and customers refuse, each time while requests are on their way, and a few requests are lost or
 * slowed down. What was done is held against what may be done.
 */
export async function sendToCrowd(plan: {
  customers: number
  messages: number
  seed: number
}): Promise<Verdict> {
  const chance = chanceFrom(plan.seed)
  const journal = createJournal()
  const crowd = createCrowd(plan.customers, chance)
  const interrupting: Promise<void>[] = []
  /** While a request is on its way somebody says something, often its own customer. */
  function interrupted(ledger: Ledger): Ledger {
    return {
      ...ledger,
      async open(lease, draft) {
        const opened = await ledger.open(lease, draft)
        if (opened.kind !== 'open' || !chance.is(0.1)) return opened
        const told = crowd.interruption(rig, journal.messages.get(lease.messageId))
        interrupting.push(recordAll(rig, journal, [told]))
        return opened
      },
    }
  }
  const rig = await createRig({
    workers: 2,
    around: (ledger) => interrupted(journal.around(ledger)),
    config: {
      route: ROUTE,
      genesys: `rateLimitPerMinute: ${RATE_PER_MINUTE}\n  sms: { from: "+13175550100" }`,
      suppressOn: '[{ on: crm/customer.erased }, { on: crm/customer.sms_stop, channels: [sms] }]',
      templates: { 'cart-left': '---\nsubject: Your cart\n---\nIt is still there.' },
    },
    sandbox: { rateLimitPerMinute: 2 * RATE_PER_MINUTE, random: chance.share },
    timeoutMs: 2_000,
  })
  try {
    rig.sandbox.fault({ operation: 'any', status: 429, retryAfter: 2, share: 0.002 })
    rig.sandbox.fault({ operation: 'message', share: 0.001, reset: 'after-acting' })
    for (let recorded = 0; recorded < plan.messages; recorded += WAVE) {
      const wave = Array.from({ length: Math.min(WAVE, plan.messages - recorded) }, () => crowd.cause(rig))
      await recordAll(rig, journal, wave)
      await rig.run(SECOND)
    }
    await rig.run(2 * MINUTE)
    while ((await unsent(rig)) > 0) await rig.pass(5)
    await Promise.all(interrupting)
    const { messages } = await rig.ledger.reads.summary()
    return heldAgainst(journal, { messages, accepted: rig.sandbox.sentTo() })
  } finally {
    await rig.close()
  }
}

async function unsent({ ledger }: Rig): Promise<number> {
  const { scheduled, sending } = (await ledger.reads.summary()).messages
  return scheduled + sending
}

/** Customers, some of whom share a telephone or an address with another, and what happens to them. */
function createCrowd(customers: number, chance: Chance) {
  let events = 0
  const tell = (rig: Rig, type: string, customer: Told['customer'], ticket: string | null): Told => {
    events += 1
    const now = rig.clock.now()
    const rest = { occurredAt: now, receivedAt: now, cart: null, isTest: false }
    return { source: 'crm', key: `msg_${events}`, type, customer, ticket, ...rest }
  }
  /** Of ten one has the telephone, and another the address, of the customer before. */
  const phoneOf = (n: number) => `+4930${1_000_000 + (n % 10 === 3 ? n - 1 : n)}`
  const emailOf = (n: number) => `n-${n % 10 === 7 ? n - 1 : n}@example.com`
  let lately: Told[] = []

  return {
    /** What makes one message. */
    cause(rig: Rig): Told {
      const n = chance.below(customers)
      const bySms = chance.is(0.5)
      const customer: Told['customer'] = {
        ...(chance.is(0.7) ? { externalId: `N-${n}` } : {}),
        ...(bySms || chance.is(0.3) ? { phone: phoneOf(n) } : {}),
        ...(!bySms || chance.is(0.3) ? { email: emailOf(n) } : {}),
      }
      const told = tell(rig, bySms ? 'ticket.resolved' : 'cart.updated', customer, `T-${events}`)
      lately = [...lately.slice(-WAVE), told]
      return told
    },
    /** What makes messages pointless, or forbidden: the one that is on its way, or one of lately. */
    interruption(rig: Rig, onItsWay: Noted | undefined): Told {
      const { customer, ticket } = onItsWay && chance.is(0.5) ? onItsWay.told : chance.pick(lately)
      if (chance.is(0.7)) return tell(rig, 'ticket.reopened', {}, ticket)
      const type = chance.is(0.5) ? 'customer.sms_stop' : 'customer.erased'
      const [name] = Object.entries(customer).filter(() => chance.is(0.6))
      return tell(rig, type, name ? Object.fromEntries([name]) : customer, null)
    },
  }
}

async function recordAll(rig: Rig, journal: Journal, tolds: readonly Told[]): Promise<void> {
  const { config, ledger } = rig
  const events = tolds.map((told): ReadEvent => readEvent(told))
  const plans = events.map((event) => planEvent(event, config))
  const recorded = await ledger.record(
    events.map((event, n): Recordable => {
      const plan = plans[n]
      assert.ok(plan)
      return { kind: 'event', event, plan, keepKeyForMs: 1e9 }
    }),
  )
  const at = journal.now()
  recorded.forEach((one, n) => {
    const [told, plan] = [tolds[n], plans[n]]
    assert.ok(one.kind === 'recorded' && told && plan)
    for (const name of plan.suppress ? plan.names : []) {
      for (const channel of plan.suppress?.channels ?? ['all']) {
        const key = `${name} ${channel}`
        if (!journal.refusals.has(key)) journal.refusals.set(key, at)
      }
    }
    if (told.type === 'ticket.reopened') {
      for (const message of journal.messages.values()) {
        if (message.told.ticket === told.ticket) message.cancelledAt ??= at
      }
    }
    one.messageIds.forEach((id, m) => {
      const planned = plan.messages[m]
      assert.ok(planned)
      const { names, dueAt, policies } = planned
      journal.messages.set(id, { id, told, names, dueAt, policies, cancelledAt: null, isMoved: false })
    })
  })
}
