import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { readEnvironment, type Variables } from '../../src/environment.ts'
import { type Service, startService } from '../../src/main.ts'
import { HELD } from '../contract/held.ts'
import { ROOT } from '../run-postrider.ts'
import { testLog } from '../test-log.ts'
import { command, type Said, temporaryFolder } from './run.ts'

/** Senders of schemes that no preset has. */
const MORE = `
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

/** A running service with a source of every sender, and the commands beside it. `config`: the same as its file has it, to be changed. */
export function withSenders() {
  const folder = temporaryFolder()
  cpSync(join(ROOT, 'examples/sources/templates'), join(folder.path, 'templates'), { recursive: true })
  const config = readFileSync(join(ROOT, 'examples/sources/postrider.yaml'), 'utf8').replace(
    '\nroutes:',
    `${MORE}\nroutes:`,
  )
  const variables: Variables = {
    POSTRIDER_CONFIG: folder.write('postrider.yaml', config),
    DATABASE_URL: `sqlite:${join(folder.path, 'postrider.db')}`,
    PORT: '0',
  }
  let service: Service
  before(async () => {
    const environment = readEnvironment(variables)
    const options = { environment, variables, log: testLog(), sandbox: true, sandboxPort: 0 }
    service = await startService({ ...options, sandboxOptions: HELD })
  })
  after(async () => {
    await service.stop()
    folder[Symbol.dispose]()
  })
  const run = (args: readonly string[], changed: Variables = {}): Promise<Said> =>
    command(args, { ...variables, ...changed })
  return {
    folder,
    config,
    run,
    replay: (args: readonly string[], changed: Variables = {}) =>
      run(['replay', '--url', service.url, ...args], changed),
    events: (source: string) => service.ledger.reads.events({ source, limit: 100 }),
  }
}

/** An example delivery of the repository. */
export function exampleOf(source: string, name: string): string {
  return join(ROOT, 'fixtures', source, `${name}.json`)
}
