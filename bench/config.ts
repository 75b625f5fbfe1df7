import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../src/config/config.ts'
import { loadConfig } from '../src/config/load.ts'

/** Signs what the benches deliver. */
export const BENCH_SECRET = `whsec_${Buffer.from('the secret of the benches, 32 by').toString('base64')}`
export const BENCH_DEPLOYMENT = '0b1e5a9c-6d2f-4c8e-9f3a-7d5c2b1a4e60'
export const BENCH_EXTERNAL_SOURCE = '7c9e6679-7425-40de-944b-e07fc1f90ae7'

/** `route`: further lines of the one route. */
type BenchConfig = { rateLimitPerMinute?: number; route?: readonly string[] }

/** A configuration of one source and one route, and its template, in the folder. */
export function loadBenchConfig(folder: string, options: BenchConfig = {}): Config {
  const { rateLimitPerMinute = 1_000_000, route = [] } = options
  mkdirSync(join(folder, 'templates'), { recursive: true })
  writeFileSync(
    join(folder, 'templates/ticket-resolved.liquid'),
    'Your ticket {{ data.ticket.id }} “{{ data.ticket.subject }}” is resolved.\n',
  )
  const file = join(folder, 'postrider.yaml')
  writeFileSync(
    file,
    `
genesys:
  rateLimitPerMinute: ${rateLimitPerMinute}
  externalSource: { id: ${BENCH_EXTERNAL_SOURCE}, name: CRM }
  webmessaging: { deploymentId: ${BENCH_DEPLOYMENT} }
sources:
  crm: { preset: standard-webhooks, secrets: ["${BENCH_SECRET}"] }
routes:
  ticket-resolved:
    on: crm/ticket.resolved
    template: ticket-resolved
    channels: [webmessaging]
    brake: none
${route.map((line) => `    ${line}\n`).join('')}`,
  )
  const loaded = loadConfig({ file, env: {}, unsetVariables: 'error' })
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems))
  return loaded.config
}
