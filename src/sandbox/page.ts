import { createHash } from 'node:crypto'
import type { RequestHandler } from 'express'
import { Liquid } from 'liquidjs'
import type { SandboxConversation } from './conversations.ts'
import type { SandboxContact } from './directory.ts'
import type { Org } from './org.ts'
import { PAGE, STYLE } from './page-html.ts'
import { dateOf, initialsOf, timelineOf } from './timeline.ts'

/** Enough to look at; the control API has all. */
const SHOWN_CUSTOMERS = 60

/** `GET /`: each customer's conversations as their messenger would show them, and their mail; who was written to last comes first. */
export function createPage(org: Org): RequestHandler {
  const liquid = new Liquid({ outputEscape: 'escape', ownPropertyOnly: true })
  const template = liquid.parse(PAGE)
  const style = createHash('sha256').update(STYLE).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
  return async (request, response) => {
    const refresh = request.query.refresh !== 'off'
    const html = await liquid.render(template, { style: STYLE, refresh, ...viewOf(org) })
    response
      .set({
        'Content-Security-Policy': policy,
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
        'Cache-Control': 'no-store',
      })
      .type('html')
      .send(html)
  }
}

/** Somebody who can be written to; an address that no contact has is a customer too. `writtenAt`: null where the sandbox accepted nothing for them. */
type Customer = {
  name: string
  known: string
  active: boolean
  writtenAt: number | null
  conversations: SandboxConversation[]
}

function viewOf(org: Org) {
  const now = org.clock.now()
  const customers = customersOf(org)
  const written = customers
    .filter(({ writtenAt }) => writtenAt !== null)
    .sort((a, b) => (b.writtenAt ?? 0) - (a.writtenAt ?? 0))
  const quiet = customers.filter(({ writtenAt }) => writtenAt === null)
  return {
    accepted: org.accepted.count,
    customers: written.slice(0, SHOWN_CUSTOMERS).map(({ name, known, active, conversations }) => ({
      name,
      known,
      active,
      initials: initialsOf(name),
      ...timelineOf(conversations, now),
    })),
    quiet: quiet.slice(0, SHOWN_CUSTOMERS).map(({ name, known, active, conversations }) => ({
      name,
      known,
      active,
      session: lastSession(conversations),
    })),
    quietMore: Math.max(0, quiet.length - SHOWN_CUSTOMERS),
  }
}

/** Each conversation is looked at once: there may be many thousands of both. */
function customersOf(org: Org): Customer[] {
  const customers = new Map<string, Customer>()
  const byAddress = new Map<string, Customer>()
  for (const contact of org.directory.all()) {
    if (org.directory.canonicalOf(contact.id) !== contact.id) continue
    const customer = newCustomer(contact.name, knownAs(contact))
    customers.set(contact.id, customer)
    for (const address of [...contact.emails, ...contact.phones]) byAddress.set(plain(address), customer)
  }
  for (const conversation of org.conversations.byId.values()) {
    const { contactId } = conversation
    const to = plain(conversation.to)
    const known = contactId === '' ? byAddress.get(to) : customers.get(org.directory.canonicalOf(contactId))
    const customer = known ?? newCustomer(conversation.to || contactId, 'no contact')
    if (!known) {
      customers.set(`stranger ${contactId} ${to}`, customer)
      byAddress.set(to, customer)
    }
    customer.conversations.push(conversation)
    customer.active ||= conversation.endedAt === null
    const last = conversation.messages.findLast(({ by }) => by === 'api')
    if (last) customer.writtenAt = Math.max(customer.writtenAt ?? 0, last.at)
  }
  return [...customers.values()]
}

function newCustomer(name: string, known: string): Customer {
  return { name, known, active: false, writtenAt: null, conversations: [] }
}

/** WhatsApp writes numbers without their plus sign. */
function plain(address: string): string {
  return address.toLowerCase().replace(/^\+/, '')
}

function knownAs({ externalId, emails, phones }: SandboxContact): string {
  return (
    [externalId, emails[0] ?? phones[0]].filter((one) => one !== undefined).join(' · ') || 'no identifier'
  )
}

/** When the customer last began to talk to us themselves. */
function lastSession(conversations: readonly SandboxConversation[]): string | null {
  const inbound = conversations.filter(({ originatingDirection }) => originatingDirection === 'inbound')
  return inbound.length === 0 ? null : dateOf(Math.max(...inbound.map(({ startedAt }) => startedAt)))
}
