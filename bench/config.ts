import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Signs what the benches deliver. */
export const BENCH_SECRET = `whsec_${Buffer.from('the secret of the benches, 32 by').toString('base64')}`

const CONFIG = `
genesys:
  rateLimitPerMinute: 1000000
  externalSource: { id: 7c9e6679-7425-40de-944b-e07fc1f90ae7, name: CRM }
  webmessaging: { deploymentId: 0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60 }
sources:
  crm: { preset: standard-webhooks, secrets: ["${BENCH_SECRET}"] }
routes:
  ticket-resolved:
    on: crm/ticket.resolved
    template: ticket-resolved
    channels: [webmessaging]
    brake: none
`

/** Writes a configuration of one source and one route, and its template, into the folder; returns its path. */
export function writeBenchConfig(folder: string): string {
  mkdirSync(join(folder, 'templates'), { recursive: true })
  writeFileSync(
    join(folder, 'templates/ticket-resolved.liquid'),
    'Your ticket {{ data.ticket.id }} “{{ data.ticket.subject }}” is resolved.\n',
  )
  const file = join(folder, 'postrider.yaml')
  writeFileSync(file, CONFIG)
  return file
}
