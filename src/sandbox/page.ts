import { createHash } from 'node:crypto'
import type { RequestHandler } from 'express'
import { Liquid } from 'liquidjs'
import type { SandboxContact } from './directory.ts'
import type { Org, SandboxChannel, SandboxMessage } from './org.ts'
import { PAGE, STYLE } from './page-html.ts'

/** Enough to look at; the control API has all. */
const SHOWN_CUSTOMERS = 60
const SHOWN_MESSAGES = 20

const CHANNELS: Readonly<Record<SandboxChannel, string>> = {
  webmessaging: 'Web messenger',
  sms: 'SMS',
  whatsapp: 'WhatsApp',
  open: 'Open messaging',
  apple: 'Apple Messages',
  email: 'Email',
}

/** `GET /`: each customer's conversation as their messenger would show it, and their mail; who was written to last comes first. */
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

/** Somebody who can be written to; an address that no contact has is a customer too. */
type Customer = { name: string; known: string; active: boolean; messages: SandboxMessage[] }

function viewOf(org: Org) {
  const customers = customersOf(org)
  const lastAt = ({ messages }: Customer) => messages.at(-1)?.at ?? 0
  const written = customers
    .filter(({ messages }) => messages.length > 0)
    .sort((a, b) => lastAt(b) - lastAt(a))
  const quiet = customers.filter(({ messages }) => messages.length === 0)
  return {
    accepted: org.accepted.count,
    customers: written.slice(0, SHOWN_CUSTOMERS).map((customer) => shown(customer, org.clock.now())),
    quiet: quiet.slice(0, SHOWN_CUSTOMERS),
    quietMore: Math.max(0, quiet.length - SHOWN_CUSTOMERS),
  }
}

/** Each message is looked at once: there may be many thousands of both. */
function customersOf(org: Org): Customer[] {
  const customers = new Map<string, Customer>()
  const byAddress = new Map<string, Customer>()
  for (const contact of org.directory.all()) {
    if (contact.canonicalId !== undefined) continue
    const { name, active = false } = contact
    const customer = { name, known: knownAs(contact), active, messages: [] }
    customers.set(contact.id, customer)
    for (const address of [...contact.emails, ...contact.phones]) byAddress.set(plain(address), customer)
  }
  for (const message of org.messages) {
    const to = plain(message.to)
    const customer = message.contactId === '' ? byAddress.get(to) : customers.get(message.contactId)
    if (customer) customer.messages.push(message)
    else {
      const stranger = { name: message.to, known: 'no contact', active: false, messages: [message] }
      customers.set(`address ${to}`, stranger)
      byAddress.set(to, stranger)
    }
  }
  return [...customers.values()]
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

function shown({ name, known, active, messages }: Customer, now: number) {
  const latest = messages.slice(-SHOWN_MESSAGES)
  let before = ''
  return {
    name,
    known,
    active,
    initials: initialsOf(name),
    older: messages.length - latest.length,
    messages: latest.map((message) => {
      const day = dayOf(message.at, now)
      const isNew = day !== before
      before = day
      return { ...shownMessage(message), day: isNew ? day : null }
    }),
  }
}

function shownMessage({ channel, from, subject, text, html, at }: SandboxMessage) {
  const iso = new Date(at).toISOString()
  return {
    channel: CHANNELS[channel],
    isMail: channel === 'email',
    from: from.name ?? (channel === 'email' ? from.address : 'Your business'),
    subject: subject || '(no subject)',
    text: text || (html === null ? '' : 'This email has HTML only.'),
    html,
    iso,
    time: iso.slice(11, 16),
  }
}

function initialsOf(name: string): string {
  const [first = '?', ...rest] = [...name.matchAll(/(?<![\p{L}\p{N}])[\p{L}\p{N}]/gu)].map(
    ([letter]) => letter,
  )
  return `${first}${rest.at(-1) ?? ''}`.toUpperCase()
}

const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })

function dayOf(at: number, now: number): string {
  const day = DAY.format(at)
  return day === DAY.format(now) ? 'Today' : day
}
