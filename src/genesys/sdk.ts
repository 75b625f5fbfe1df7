import { createRequire } from 'node:module'
import { isIPv4 } from 'node:net'
import type platformClientOf from 'purecloud-platform-client-v2'
import { PostriderError } from '../errors.ts'
import { type Connections, createConnections } from './connections.ts'

const require = createRequire(import.meta.url)

/**
 * By require: an import of CommonJS is read through for its names first, and the 4 MB of the SDK leave 18 MB behind for good (`process.memoryUsage().external`).
 */
const platformClient: typeof platformClientOf = require('purecloud-platform-client-v2')

export type SdkOptions = { region: string; gatewayUrl: string | null; timeoutMs: number }

/** The SDK's client of one org with the operations that Postrider uses. */
export type Sdk = {
  client: InstanceType<typeof platformClient.ApiClientClass>
  conversations: InstanceType<typeof platformClient.ConversationsApi>
  contacts: InstanceType<typeof platformClient.ExternalContactsApi>
  deployments: InstanceType<typeof platformClient.WebDeploymentsApi>
  /** The API host, as a ledger remembers it. */
  host: string
  /** Whether a request that failed had a connection to leave over. */
  stood: Connections['stood']
}

/** Most answers are a few kB, a page of 100 conversations or 1,000 texts some MB; more is none of Genesys'. */
const MOST_ANSWER_BYTES = 16 * 2 ** 20

/**
 * A client of its own, with nothing taken from elsewhere: the SDK reads `~/.genesyscloudjavascript/config` when it is made, which could set host,
 * gateway and logging, and watches it.
 */
export function createSdk({ region, gatewayUrl, timeoutMs }: SdkOptions): Sdk {
  platformClient.ApiClient.config.live_reload_config = false
  const client = new platformClient.ApiClientClass()
  const { config } = client
  config.live_reload_config = false
  config.configPath = ''
  config.refresh_access_token = false
  // Each request would be copied and put into words, headers and body, before it is asked whether anybody logs them.
  Object.assign(config.logger, { log: () => {} })
  config.logger.log_to_console = false
  config.logger.log_file_path = ''
  config.logger.setLogger()
  client.setEnvironment(region)
  const gateway = gatewayUrl === null ? null : gatewayOf(gatewayUrl)
  // The type wants a gateway; without one the SDK forgets what a configuration file said.
  client.setGateway((gateway?.settings ?? undefined) as never)
  client.setReturnExtendedResponses(true)

  const connections = createConnections()
  const http = client.getHttpClient()
  // The SDK's own time-out is one of silence: an answer that trickles in would be waited for without end.
  http.setTimeout(timeoutMs)
  http.setPreHook(async (request) => ({
    ...request,
    signal: AbortSignal.timeout(timeoutMs),
    httpAgent: connections.http,
    httpsAgent: connections.https,
    // A redirect would carry the token to another host.
    maxRedirects: 0,
    // A proxy of the environment would see the token; GENESYS_GATEWAY_URL is how to say another host.
    proxy: false,
    maxContentLength: MOST_ANSWER_BYTES,
  }))
  return {
    client,
    conversations: new platformClient.ConversationsApi(client),
    contacts: new platformClient.ExternalContactsApi(client),
    deployments: new platformClient.WebDeploymentsApi(client),
    host: gateway?.host ?? `api.${region}`,
    stood: connections.stood,
  }
}

function gatewayOf(text: string) {
  const url = new URL(text)
  const { hostname } = url
  const local = ['localhost', '[::1]'].includes(hostname) || (isIPv4(hostname) && hostname.startsWith('127.'))
  if (url.protocol !== 'https:' && !local) {
    throw new PostriderError(
      'ENVIRONMENT_INVALID',
      `GENESYS_GATEWAY_URL: ${url.protocol}//${url.host} would carry the client secret unencrypted. Use https; plain http is for loopback only.`,
    )
  }
  const path = url.pathname.replace(/\/+$/, '')
  const settings = {
    host: hostname,
    protocol: url.protocol.slice(0, -1),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    path_params_login: path,
    path_params_api: path,
  }
  return { host: `${url.host}${path}`, settings }
}
