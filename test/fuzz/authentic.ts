import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../src/config/config.ts'
import { fixtureFiles, readFixture } from '../../src/config/fixtures.ts'
import { loadConfig } from '../../src/config/load.ts'
import { SENDERS, type Sent } from './senders.ts'

const ROOT = join(import.meta.dirname, '../..')

/** When everything here happens: whole seconds, so that what a sender writes of it is all of it. */
export const NOW = Date.UTC(2026, 10, 23, 9, 0, 0)

const KEYS = ['a secret of the fuzzing tests', 'another one, while it is rotated'].map(
  (key) => `whsec_${Buffer.from(key).toString('base64')}`,
)

/** Beside one source of every preset: the other schemes that a configuration can describe. */
const MORE = `
  crm: { preset: standard-webhooks, secrets: ["${KEYS[0]}", "${KEYS[1]}"] }
  svix: { preset: svix, secrets: ["${KEYS[0]}"] }
  waiting: { preset: standard-webhooks, secrets: [] }
  bearer:
    preset: custom
    secrets: [an-example-bearer-token]
    custom: { token: bearer, type: "{{ payload.event }}", key: "{{ payload.id }}" }
  in-body:
    preset: custom
    secrets: [an-example-token-in-a-body]
    custom: { token: { body: auth.token }, type: "{{ payload.event }}", key: "{{ payload.id }}" }
  signed-header:
    preset: custom
    secrets: [an-example-signing-secret]
    custom:
      signature: { header: x-signature, signed: "{header:x-event-id}.{body}" }
      type: '{{ headers["x-kind"] }}'
      key: '{{ headers["x-event-id"] }}'
`
const ROUTES = `
routes:
  fuzzed:
    on: ["crm/*", "svix/*", "bearer/*", "in-body/*", "signed-header/*"]
    when: data.ticket.channel == "web" or payload.event contains "left" or event.type != "none"
    customer: { externalId: "{{ data.customer.id }}", email: "{{ data.customer.email | downcase }}", name: "{{ data.customer.name }}" }
    template: ticket-resolved
    channels: [webmessaging, email]
    once: "{{ data.ticket.id }}"
    cancelOn: [{ on: "crm/*", match: "{{ data.ticket.id }}", equals: "{{ event.id }}" }]
`

/** A source of every sender in SENDERS, with their secrets, and routes on all of them. */
export function fuzzedConfig(): Config {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-fuzz-'))
  try {
    cpSync(join(ROOT, 'examples/sources/templates'), join(folder, 'templates'), { recursive: true })
    const yaml = readFileSync(join(ROOT, 'examples/sources/postrider.yaml'), 'utf8')
    const file = join(folder, 'postrider.yaml')
    writeFileSync(
      file,
      yaml.replace('\nroutes:', () => `${MORE}${ROUTES}`),
    )
    const loaded = loadConfig({ file, env: {}, unsetVariables: 'error' })
    if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems))
    return loaded.config
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What senders send, before it is signed: every example of the repository, and one for each sender that has none. */
export function unsignedDeliveries(): readonly Sent[] {
  const examples = fixtureFiles(join(ROOT, 'fixtures')).flatMap((file) => {
    const read = readFixture(file)
    if (read.kind === 'invalid') throw new Error(`${file}: ${read.reason}`)
    const { source, headers = {}, bytes } = read.fixture
    // What Standard Webhooks signs is put there when it is signed.
    const given = Object.entries(headers).filter(([name]) => !/^webhook-/i.test(name))
    return unsigned(source, bytes(new Date(NOW)), given)
  })
  const body = Buffer.from(
    JSON.stringify({
      event: 'cart.left',
      id: 'e-1',
      type: 'ticket.resolved',
      data: {
        customer: { id: 'C-1', email: 'ada@example.com', name: 'Ada' },
        ticket: { id: 7, channel: 'web' },
      },
    }),
  )
  const others = ['crm', 'svix', 'bearer', 'in-body'].map((source) => unsigned(source, body, []))
  const withHeader = unsigned('signed-header', body, [
    ['x-event-id', 'e-1'],
    ['x-kind', 'ticket.resolved'],
  ])
  return [...examples, ...others, withHeader]
}

function unsigned(source: string, body: Buffer, given: Sent['headers']): Sent {
  if (!SENDERS[source]) throw new Error(`nobody says how ${source} proves itself: add it to SENDERS`)
  const headers = [['host', 'postrider.example.com'], ['content-type', 'application/json'], ...given] as const
  return { source, method: 'POST', target: `/webhooks/${source}`, headers: headers as Sent['headers'], body }
}
