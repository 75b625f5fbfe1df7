import type { Config, Problem } from './config/config.ts'
import { loadConfig } from './config/load.ts'
import type { Environment, Variables } from './environment.ts'
import { PostriderError } from './errors.ts'

/** The ledgers that are used where DATABASE_URL names none. */
export const LEDGER = 'sqlite:data/postrider.db'
export const SANDBOX_LEDGER = 'sqlite:data/sandbox.db'

/** Loads the configuration; throws CONFIG_INVALID with every problem at once. */
export function configOf(file: string, variables: Variables): Config {
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'error' })
  if (loaded.kind === 'loaded') return loaded.config
  const lines = loaded.problems.map((problem) => `  ${problemLine(problem)}`)
  const hint = loaded.problems.some(({ message }) => UNSET.test(message)) ? `\n${HOW_TO_SET}` : ''
  throw new PostriderError('CONFIG_INVALID', `The configuration is not right:\n${lines.join('\n')}${hint}`)
}

/** `config/postrider.yaml:15  what is wrong`. */
export function problemLine({ file, line, message }: Problem): string {
  return `${file}${line === null ? '' : `:${line}`}  ${message}`
}

const UNSET = /is not set in the environment$/
const HOW_TO_SET =
  'Set what is missing in the environment, or in a file .env in this folder; .env.example says what each is. To see Postrider at work with nothing set: npm run demo'

/** Where the service is reached as this machine names it, which listens there: `http://127.0.0.1:3000`. */
export function baseUrl(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}

/** What a sandbox has to know so that all that a configuration names is there. */
export function orgOf({ genesys, sources }: Pick<Config, 'genesys' | 'sources'>) {
  const { webmessaging, whatsapp, open, sms } = genesys
  const externalSources = [genesys, ...sources.values()].flatMap(({ externalSource }) => externalSource ?? [])
  const integration = (messengerType: 'whatsapp' | 'open', block: { integrationId: string } | null) =>
    block ? [{ id: block.integrationId, name: `The configured ${messengerType}`, messengerType }] : []
  return {
    deployments: webmessaging ? [webmessaging.deploymentId] : [],
    externalSources,
    integrations: [...integration('whatsapp', whatsapp), ...integration('open', open)],
    smsNumbers: sms ? [sms.from] : [],
    // The real default is 300; a ceiling above it is to be tried out too.
    rateLimitPerMinute: Math.max(300, genesys.rateLimitPerMinute),
  }
}

/** The key of a ledger, where the environment has one. */
export function keyFrom({ POSTRIDER_KEY: key }: Environment): { key?: Uint8Array } {
  return key ? { key } : {}
}

/** How to log in to the org; throws ENVIRONMENT_INVALID that names what is not set. */
export function loginOf(environment: Environment) {
  const { GENESYS_CLIENT_ID: clientId, GENESYS_CLIENT_SECRET: clientSecret } = environment
  if (clientId && clientSecret) {
    return { clientId, clientSecret, gatewayUrl: environment.GENESYS_GATEWAY_URL ?? null }
  }
  throw new PostriderError('ENVIRONMENT_INVALID', missingLogin(environment) ?? '')
}

/** Says which half of the login is not set; null where nothing is missing. */
export function missingLogin(environment: Environment): string | null {
  const missing = (['GENESYS_CLIENT_ID', 'GENESYS_CLIENT_SECRET'] as const).filter(
    (name) => !environment[name],
  )
  if (missing.length === 0) return null
  const [are, them] = missing.length > 1 ? ['are', 'them'] : ['is', 'it']
  return `No Genesys Cloud to send to: ${missing.join(' and ')} ${are} not set. Set ${them} in the environment or in .env, or try Postrider without an org: npx postrider start --sandbox`
}
