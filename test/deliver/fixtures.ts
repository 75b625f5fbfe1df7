import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { ReadEvent } from '../../src/event.ts'
import { CHANNELS } from '../../src/message.ts'
import { readDelivery } from '../../src/receive/sources/read.ts'

export type ConfigOptions = {
  /** Lines of the route; indented by four. */
  route?: string
  genesys?: string
  suppressOn?: string
  /** 0 by default: most tests are not about what became of their messages. */
  deliveryShare?: number
  /** Texts by the name of their file, without its ending. */
  templates?: Record<string, string>
}

export const DELIVER_SECRET = `whsec_${Buffer.from('the secret of the deliver tests').toString('base64')}`

/** A configuration with one route, `ticket-resolved`, and what a test adds to it. */
export function deliverConfig(folder: string, options: ConfigOptions = {}): Config {
  mkdirSync(join(folder, 'templates'), { recursive: true })
  const templates = { 'ticket-resolved': 'Ticket {{ data.ticket.id }} is resolved.', ...options.templates }
  for (const [name, text] of Object.entries(templates))
    writeFileSync(join(folder, 'templates', `${name}.liquid`), text)
  const file = join(folder, 'postrider.yaml')
  writeFileSync(
    file,
    `
genesys:
  externalSource: { id: 7c9e6679-7425-40de-944b-e07fc1f90ae7, name: CRM }
  webmessaging: { deploymentId: 0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60 }
  email: { from: { email: care@demo.example, name: Care } }
  deliveryShare: ${options.deliveryShare ?? 0}
  ${options.genesys ?? ''}
sources:
  crm: { preset: standard-webhooks, secrets: [${DELIVER_SECRET}] }
routes:
  ticket-resolved:
    on: crm/ticket.resolved
    template: ticket-resolved
    ${options.route ?? DEFAULT_ROUTE}
suppressOn: ${options.suppressOn ?? '[]'}
`,
  )
  const loaded = loadConfig({ file, env: {}, unsetVariables: 'error' })
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems, null, 2))
  return loaded.config
}

/** No brake: a thousand messages at once are what the tests are about. */
const DEFAULT_ROUTE = 'channels: [webmessaging]\n    brake: none'

/** The event of customer number `n`: a ticket of theirs was resolved, or whatever `type` says of it. */
export function customerEvent(
  n: number,
  at: number,
  customer: Record<string, string> = { id: `N-${n}` },
  { type = 'ticket.resolved', ticket = `T-${n}` }: { type?: string; ticket?: string } = {},
): ReadEvent {
  const payload = { type, data: { customer, ticket: { id: ticket } } }
  const delivery = { body: Buffer.from(JSON.stringify(payload)), rawHeaders: [], receivedAt: at }
  const [event] = readDelivery(
    { name: 'crm', preset: 'standard-webhooks', custom: null },
    delivery,
    `msg_${n}`,
  )
  if (event === undefined || 'reason' in event) throw new Error('the example cannot be read')
  return event
}

/** Integrations that a sandbox has to know for `channelsConfig`. */
export const INTEGRATIONS = [
  { id: '3f0f2a52-1111-4a6e-8a29-000000000001', name: 'WhatsApp', messengerType: 'whatsapp' },
  { id: '3f0f2a52-1111-4a6e-8a29-000000000002', name: 'Open', messengerType: 'open' },
]
const [WHATSAPP, OPEN] = INTEGRATIONS

/** A configuration with one route for each channel, named and triggered by it; `route` is added to each. */
export function channelsConfig(folder: string, route = 'brake: none'): Config {
  const routes = CHANNELS.map(
    (channel) => `
  ${channel}:
    on: crm/${channel}
    template: ticket-resolved
    channels: [${channel}]
    ${route}`,
  )
  mkdirSync(join(folder, 'templates'), { recursive: true })
  const text = 'Ticket {{ data.ticket.id }} is resolved.'
  const templates = {
    'ticket-resolved': text,
    'ticket-resolved.email': `---\nsubject: Resolved\n---\n${text}`,
    'ticket-resolved.whatsapp': `---\nwhatsapp: { responseId: resolved, body: ["{{ data.ticket.id }}"] }\n---\n${text}`,
  }
  for (const [name, content] of Object.entries(templates))
    writeFileSync(join(folder, 'templates', `${name}.liquid`), content)
  const file = join(folder, 'postrider.yaml')
  writeFileSync(
    file,
    `
genesys:
  externalSource: { id: 7c9e6679-7425-40de-944b-e07fc1f90ae7, name: CRM }
  webmessaging: { deploymentId: 0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60 }
  email: { from: { email: care@demo.example, name: Care } }
  sms: { from: "+13175550100" }
  whatsapp: { integrationId: ${WHATSAPP?.id} }
  open: { integrationId: ${OPEN?.id} }
sources:
  crm: { preset: standard-webhooks, secrets: [${DELIVER_SECRET}] }
routes:${routes.join('')}
`,
  )
  const loaded = loadConfig({ file, env: {}, unsetVariables: 'error' })
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems, null, 2))
  return loaded.config
}
