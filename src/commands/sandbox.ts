import { systemClock } from '../clock.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { assertSandboxAllowed, SANDBOX_CLIENT, startSandbox } from '../sandbox/sandbox.ts'
import { print, type Terminal } from './output.ts'
import { stopSignal } from './start.ts'

/** Runs the sandbox alone until SIGTERM or SIGINT. */
export async function runSandbox(
  variables: Variables,
  options: { asked: boolean; port: number },
  terminal: Terminal,
): Promise<void> {
  assertSandboxAllowed({ nodeEnv: readEnvironment(variables).NODE_ENV, asked: options.asked })
  using stopping = stopSignal()
  const sandbox = await startSandbox({ port: options.port, clock: systemClock })
  print(terminal, `Sandbox   ${sandbox.url}/   nothing leaves it`)
  print(terminal, 'Point Postrider at it:')
  print(terminal, `  GENESYS_GATEWAY_URL=${sandbox.url}`)
  print(terminal, `  GENESYS_CLIENT_ID=${SANDBOX_CLIENT.clientId}`)
  print(terminal, `  GENESYS_CLIENT_SECRET=${SANDBOX_CLIENT.clientSecret}`)
  await stopping.first
  await sandbox.close()
}
