import { randomBytes } from 'node:crypto'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Webhook } from 'svix'
import { EXTERNAL_SOURCE, SANDBOX_CLIENT } from '../../src/sandbox/sandbox.ts'
import { ROOT, type Running, startPostrider } from '../run-postrider.ts'

const SECRET = `whsec_${randomBytes(24).toString('base64')}`

/** Puts into a folder what a service that may be killed is configured with: one source and one route, whose text names the ticket. `route`: more lines of it. */
export function furnish(
  folder: string,
  { ratePerMinute = 6000, route = [] as readonly string[] } = {},
): void {
  cpSync(join(ROOT, 'examples/demo/templates'), join(folder, 'templates'), { recursive: true })
  writeFileSync(
    join(folder, 'templates/ticket-resolved.liquid'),
    'Ticket {{ data.ticket.id }} is resolved.\n',
  )
  const config = `
genesys:
  rateLimitPerMinute: ${ratePerMinute}
  externalSource: { id: ${EXTERNAL_SOURCE.id}, name: CRM }
  webmessaging: { deploymentId: 0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60 }
sources:
  crm: { preset: standard-webhooks, secrets: ["${SECRET}"] }
routes:
  ticket-resolved:
    on: crm/ticket.resolved
    template: ticket-resolved
    channels: [webmessaging]
    brake: none
    expireAfter: 7d
${route.map((line) => `    ${line}\n`).join('')}`
  writeFileSync(join(folder, 'postrider.yaml'), config)
}

/** Starts the real command on a free port, in a folder that is furnished. `env`: what it needs to find its ledger, and what else it is started with. */
export function startIn(
  folder: string,
  gatewayUrl: string,
  env: Readonly<Record<string, string>>,
): Promise<Running> {
  return startPostrider(['start'], {
    cwd: folder,
    env: {
      POSTRIDER_CONFIG: join(folder, 'postrider.yaml'),
      GENESYS_GATEWAY_URL: gatewayUrl,
      GENESYS_CLIENT_ID: SANDBOX_CLIENT.clientId,
      GENESYS_CLIENT_SECRET: SANDBOX_CLIENT.clientSecret,
      ...env,
    },
  })
}

/** A contact that Genesys has of a customer. */
export function contactOf(customer: string) {
  return {
    id: `contact-${customer}`,
    externalId: customer,
    name: `Customer ${customer}`,
    emails: [],
    phones: [],
  }
}

/** Where a service takes deliveries. */
export const hookOf = ({ url }: Pick<Running, 'url'>) => `${url}/webhooks/crm`

export const newId = () => `msg_${randomBytes(12).toString('hex')}`

/** A signed delivery. `happenedAt`, `at`: of the event, and of this try to post it; epoch milliseconds. */
export function signed({
  ticket,
  customer,
  id,
  happenedAt,
  at,
}: Record<'ticket' | 'customer' | 'id', string> & Record<'happenedAt' | 'at', number>): RequestInit {
  const body = JSON.stringify({
    type: 'ticket.resolved',
    timestamp: new Date(happenedAt).toISOString(),
    data: { customer: { id: customer }, ticket: { id: ticket } },
  })
  return {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at / 1000)),
      'webhook-signature': new Webhook(SECRET).sign(id, new Date(at), body),
    },
  }
}
