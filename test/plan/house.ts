import assert from 'node:assert/strict'
import type { Config } from '../../src/config/config.ts'
import type { ReadEvent } from '../../src/event.ts'
import type { Plan } from '../../src/ledger/ledger.ts'
import type { PlannedMessage } from '../../src/message.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { standardWebhooks } from '../../src/receive/sources/standard-webhooks.ts'
import { loaded } from '../config/written.ts'

export const AT = Date.UTC(2026, 10, 23, 8)
export const MINUTE = 60_000
export const DAY = 86_400_000

/** Routes by name, each its lines; `on`, `template` and `channels` are there where a route does not say otherwise. */
export function configWith(
  routes: Readonly<Record<string, readonly string[]>>,
  templates: Readonly<Record<string, string>> = {
    'greet.liquid': '---\nsubject: Hello\nwhatsapp: { responseId: response-1 }\n---\nHello',
  },
): Config {
  const usual = ['on: crm/ticket.resolved', 'template: greet', 'channels: [webmessaging]']
  const written = Object.entries(routes).map(([name, lines]) => {
    const missing = usual.filter((line) => !lines.some((own) => own.startsWith(`${line.split(':')[0]}:`)))
    return `  ${name}:\n${[...missing, ...lines].map((line) => `    ${line}\n`).join('')}`
  })
  const yaml = `genesys:
  externalSource: { id: space-1, name: CRM }
  webmessaging: { deploymentId: deployment-1 }
  email: { from: { email: care@example.com } }
  sms: { from: "+13175550100" }
  whatsapp: { integrationId: integration-1 }
  open: { integrationId: integration-2 }
sources:
  crm: { preset: standard-webhooks, secrets: [] }
  shop: { preset: standard-webhooks, secrets: [], externalSource: { id: space-2, name: Shop } }
routes:
${written.join('')}`
  return loaded({ yaml, templates })
}

export function eventWith(data: unknown, rest: Partial<ReadEvent> = {}): ReadEvent {
  const payload = { type: 'ticket.resolved', data }
  return {
    source: 'crm',
    type: 'ticket.resolved',
    senderType: rest.type ?? 'ticket.resolved',
    key: 'msg_1',
    subject: null,
    occurredAt: AT,
    receivedAt: AT,
    customer: customerIn(data),
    isTest: false,
    raw: Buffer.from(JSON.stringify(payload)),
    headers: {},
    payload,
    ...rest,
  }
}

/** As the preset standard-webhooks reads it. */
function customerIn(data: unknown): ReadEvent['customer'] {
  const body = JSON.stringify({ type: 'any', data })
  const part = { raw: Buffer.from(body), id: null, header: () => null, custom: null }
  const fields = standardWebhooks.read(part)
  return 'reason' in fields ? {} : fields.customer
}

/** A ticket of a customer who can be reached. */
export const TICKET = { ticket: { id: 'T-1' }, customer: { id: 'C-1', email: 'ann@example.com' } }

/** What one route of these lines makes of an event. */
export function planWith(lines: readonly string[], event: ReadEvent = eventWith(TICKET)): Plan {
  return planEvent(event, configWith({ greet: lines }))
}

export function onlyMessage(plan: Plan): PlannedMessage {
  const [message, ...others] = plan.messages
  assert.deepEqual(others, [])
  assert.ok(message, plan.reason ?? 'no message')
  return message
}
