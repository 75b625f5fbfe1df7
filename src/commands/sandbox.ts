import { existsSync } from 'node:fs'
import { systemClock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { readEnvironment, type Variables, variable } from '../environment.ts'
import {
  assertSandboxAllowed,
  DEPLOYMENT,
  EXTERNAL_SOURCE,
  SANDBOX_CLIENT,
  startSandbox,
} from '../sandbox/sandbox.ts'
import { orgOf, problemLine } from '../settings.ts'
import { print, type Terminal } from './output.ts'
import { stopSignal } from './start.ts'

/** Runs the sandbox alone until SIGTERM or SIGINT, as the org that the present configuration names. */
export async function runSandbox(
  variables: Variables,
  options: { asked: boolean; port: number },
  terminal: Terminal,
): Promise<void> {
  const { NODE_ENV, POSTRIDER_CONFIG } = readEnvironment(variables)
  assertSandboxAllowed({ nodeEnv: NODE_ENV, asked: options.asked })
  using stopping = stopSignal()
  const { config, notes } = namedIn(POSTRIDER_CONFIG, variables)
  const deployment = config?.genesys.webmessaging?.deploymentId ?? DEPLOYMENT
  const externalSource = config?.genesys.externalSource ?? EXTERNAL_SOURCE
  const org = config ? orgOf(config) : {}
  const sandbox = await startSandbox({ ...org, port: options.port, clock: systemClock })
  print(terminal, `Sandbox   ${sandbox.url}/   nothing leaves it`)
  print(terminal, 'Point Postrider at it, by these lines in .env:')
  for (const note of notes) print(terminal, `# ${note}`)
  const settings = {
    GENESYS_GATEWAY_URL: sandbox.url,
    GENESYS_CLIENT_ID: SANDBOX_CLIENT.clientId,
    GENESYS_CLIENT_SECRET: SANDBOX_CLIENT.clientSecret,
    GENESYS_DEPLOYMENT_ID: deployment,
    GENESYS_EXTERNAL_SOURCE_ID: externalSource.id,
  }
  for (const [name, value] of Object.entries(settings)) print(terminal, `${name}=${quoted(value)}`)
  await stopping.first
  await sandbox.close()
}

/**
 * The configuration, where there is one that can be read; ids that are not set are the sandbox's own. The notes say what is wrong with it, or
 * not set besides.
 */
function namedIn(file: string, variables: Variables): { config: Config | null; notes: string[] } {
  if (!existsSync(file)) return { config: null, notes: [] }
  const or = (name: string, own: string) => variable(variables, name) ?? own
  const env = {
    ...variables,
    GENESYS_DEPLOYMENT_ID: or('GENESYS_DEPLOYMENT_ID', DEPLOYMENT),
    GENESYS_EXTERNAL_SOURCE_ID: or('GENESYS_EXTERNAL_SOURCE_ID', EXTERNAL_SOURCE.id),
  }
  const loaded = loadConfig({ file, env, unsetVariables: 'warn' })
  if (loaded.kind === 'invalid') return { config: null, notes: loaded.problems.map(problemLine) }
  return { config: loaded.config, notes: loaded.config.warnings.map(problemLine) }
}

/** As `.env` is read: what is neither letter nor digit may mean something. */
function quoted(value: string): string {
  return /^[\w.:/@-]*$/.test(value) ? value : `'${value}'`
}
