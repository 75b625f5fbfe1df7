import { DEPLOYMENT, EXTERNAL_SOURCE } from '../../src/sandbox/sandbox.ts'
import { SECRET } from '../receive/signing.ts'

/** What the tests in a browser are configured with: a route for each thing that an operator can meet. */
export const CONFIG = `genesys:
  rateLimitPerMinute: 3000
  externalSource: { id: ${EXTERNAL_SOURCE.id}, name: CRM }
  webmessaging: { deploymentId: ${DEPLOYMENT} }
  email: { from: { email: care@example.com, name: Care } }
sources:
  crm: { preset: standard-webhooks, secrets: ["${SECRET}"] }
  helpdesk: { preset: standard-webhooks, secrets: [] }
routes:
  ticket-resolved:
    on: crm/ticket.resolved
    template: ticket-resolved
    channels: [email]
    expireAfter: 7d
  order-placed:
    on: crm/order.placed
    template: order-placed
    channels: [email]
  order-survey:
    on: crm/order.placed
    mode: shadow
    template: order-survey
    channels: [webmessaging]
  cart-abandoned:
    on: crm/cart.abandoned
    template: cart-abandoned
    channels: [webmessaging]
    delay: 2h
  appointment-reminder:
    on: crm/appointment.due
    template: appointment-reminder
    channels: [webmessaging, email]
`

/** What is wrong with it is one letter, in the name of a field. */
const TICKET = `---
subject: About {{ data.ticket.id }}
---
Hello {{ customer.name }}, “{{ data.ticket.titel }}” ({{ data.ticket.id }}) is resolved. Just answer if anything is still open.
`
export const MENDED = TICKET.replace('titel', 'title')

/** By the names of their files. */
export const TEMPLATES: Readonly<Record<string, string>> = {
  'ticket-resolved.liquid': TICKET,
  'order-placed.liquid':
    '---\nsubject: Your order {{ data.order.number }}\n---\nThank you, {{ customer.name }}. Your order {{ data.order.number }} over {{ data.order.total }} is on its way.\n',
  'order-placed.email.html.liquid':
    '<p>Thank you, {{ customer.name }}.</p><p>Your order <strong>{{ data.order.number }}</strong> is on its way.</p>\n',
  'order-survey.liquid': 'How was order {{ data.order.number }}, {{ customer.name }}?\n',
  'cart-abandoned.liquid': '{{ customer.name }}, your cart {{ data.cart.id }} is kept for you.\n',
  'appointment-reminder.liquid':
    '---\nsubject: Your appointment\n---\n{{ customer.name }}, a reminder of your appointment with {{ data.appointment.with }}.\n',
}
