import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { objectOf } from './answer.ts'

/** The connections of one client, and what is known of them when a request over one fails. */
export type Connections = {
  http: HttpAgent
  https: HttpsAgent
  /**
   * Whether the connection of the request that this error ended had come about, TLS included: nothing of a request leaves before that. Null: the error
   * names no connection.
   */
  stood(error: unknown): boolean | null
}

/**
 * An idle connection is dropped after this: load balancers drop theirs after 5 s and more, and a request that meets the drop on its way ends in
 * a reset of which nobody knows whether it was acted on.
 */
const IDLE_MS = 4_000
/** As axios has it while a request is under way: another number here would be told to the kernel, and axios' again, at every request. */
const KEEP_ALIVE_MS = 60_000

export function createConnections(): Connections {
  const stood = new WeakSet<object>()
  const kept = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, timeout: IDLE_MS }
  const http = new HttpAgent(kept)
  const https = new HttpsAgent(kept)
  watch(http, 'connect', stood)
  // Node verifies the certificate before it says so, and holds back what was written until then.
  watch(https, 'secureConnect', stood)
  return {
    http,
    https,
    stood(error) {
      const { socket } = objectOf(objectOf(error).request)
      return typeof socket === 'object' && socket !== null ? stood.has(socket) : null
    },
  }
}

function watch(agent: HttpAgent, event: 'connect' | 'secureConnect', stood: WeakSet<object>): void {
  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (options, done) => {
    const socket = connect(options, done)
    socket?.once(event, () => stood.add(socket))
    return socket
  }
}
