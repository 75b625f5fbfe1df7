import { createServer, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from './clock.ts'
import { messageOf, PostriderError } from './errors.ts'
import type { Log } from './log.ts'

export type Listening = {
  url: string
  port: number
  /** Accepts nothing new, answers the requests in flight, ends the connections. Idempotent. */
  close(): Promise<void>
}

/** How long a peer may take for what. Milliseconds. */
export type Patience = {
  /** A request's headers; a request with its body. */
  headersMs: number
  requestMs: number
  /** Between two requests of one connection, and between two parts of an answer that the peer does not read. */
  idleMs: number
  /** How often the first two are looked at. */
  checkMs: number
  /** The requests in flight when closing. */
  closeMs: number
}

/**
 * The least patient senders give up after 5 s (HubSpot): their request that has not arrived by then has no reader for its answer, and any
 * network of today brings the largest body, 1 MiB, in less (it takes 1.7 Mbit/s). What a stranger's slow request holds is held no longer
 * than that. Idle connections outlive those of the proxies before us (nginx and AWS: 60 s), or a proxy would write into one that is just
 * being closed. Closing leaves the messages in flight their 20 s of a container's 30.
 */
const PATIENCE: Patience = {
  headersMs: 5_000,
  requestMs: 5_000,
  idleMs: 75_000,
  checkMs: 1_000,
  closeMs: 8_000,
}

/** Node's default, written down because it bounds what a stranger can make us keep. */
const MAX_HEADER_BYTES = 16 * 1024
/**
 * Senders and the proxies before us come to some thirty. Node has a limit of its own, some thousand, and versions of it leave out what is past that: a second signature that nobody sees is
 * none that can be refused.
 */
const MAX_HEADERS = 200
/** Far more than senders and proxies open, and far fewer than the descriptors of a process. */
const MAX_CONNECTIONS = 4096
/**
 * Requests of one connection whose answers are not out yet. No sender and no proxy writes the next before it has read the answer; who writes a megabyte of them at once, and reads
 * nothing, would have twenty thousand answers held for him, each with its file open.
 */
const MAX_AT_ONCE = 16

/**
 * Serves HTTP. What is no HTTP is answered by node without a word in the log: 400, 408 for a request that takes too long, 431 for too
 * large headers, or too many. Rejects with PORT_IN_USE, or REFUSED where the address cannot be had.
 */
export async function listen(
  handle: RequestListener,
  options: {
    host: string
    port: number
    clock: Clock
    log: Log
    patience?: Patience
    /** The variable that says which port. */
    portName?: 'PORT' | 'OPS_PORT'
  },
): Promise<Listening> {
  const { host, patience = PATIENCE, portName = 'PORT' } = options
  const inFlight: InFlight = new Map()
  const server = createServer(
    {
      headersTimeout: patience.headersMs,
      requestTimeout: patience.requestMs,
      keepAliveTimeout: patience.idleMs,
      connectionsCheckingInterval: patience.checkMs,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (request, response) => {
      if (request.rawHeaders.length > 2 * MAX_HEADERS) {
        return void response.writeHead(431, { 'content-length': 0, connection: 'close' }).end()
      }
      const atOnce = inFlight.get(request.socket) ?? 1
      if (atOnce <= MAX_AT_ONCE) return handle(request, response)
      // The first that is too many ends the connection behind the answers before it; those behind it are never answered, nor read.
      if (atOnce > MAX_AT_ONCE + 1) return
      request.socket.pause()
      response.writeHead(503, { 'retry-after': '30', 'content-length': 0, connection: 'close' }).end()
    },
  )
  // Of whoever asks and does not read; node would keep what it could not write, and the connection, for ever.
  server.timeout = patience.idleMs
  server.maxConnections = MAX_CONNECTIONS
  const close = closing(server, inFlight, patience, options)
  const port = await bind(server, host, options.port, portName)
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, port, close }
}

function bind(server: Server, host: string, port: number, portName: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException) => reject(notBound(cause, host, port, portName))
    server.once('error', failed)
    server.listen(port, host, () => {
      server.off('error', failed)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

function notBound(
  cause: NodeJS.ErrnoException,
  host: string,
  port: number,
  portName: string,
): PostriderError {
  if (cause.code === 'EADDRINUSE') {
    const message = `Port ${port} of ${host} is in use by another program. Stop that program, or set ${portName} to a free port.`
    return new PostriderError('PORT_IN_USE', message, { cause })
  }
  const why = cause.code === 'EACCES' ? 'this user may not have a port below 1024' : messageOf(cause)
  const message = `Cannot listen on port ${port} of ${host}: ${why}. Set HOST and ${portName} to what this machine has.`
  return new PostriderError('REFUSED', message, { cause })
}

/** How many requests of each connection are not answered yet; a connection without any has 0. */
type InFlight = Map<Socket, number>

/** Node's own close leaves alone the connections that never asked anything, and forgets the time-outs of the others. */
function closing(
  server: Server,
  inFlight: InFlight,
  patience: Patience,
  { clock, log }: { clock: Clock; log: Log },
) {
  let closed: Promise<void> | null = null
  server.on('connection', (socket) => {
    inFlight.set(socket, 0)
    socket.once('close', () => inFlight.delete(socket))
  })
  // Before it is handled: that asks how many there are.
  server.prependListener('request', ({ socket }, response) => {
    inFlight.set(socket, (inFlight.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const left = (inFlight.get(socket) ?? 1) - 1
      if (inFlight.has(socket)) inFlight.set(socket, left)
      if (closed !== null && left === 0) socket.destroySoon()
    })
  })
  const close = async () => {
    const done = new AbortController()
    const cut = clock.sleep(patience.closeMs, done.signal).then(() => {
      if (done.signal.aborted) return
      log.warn('connections cut: their requests did not end in time', { ms: patience.closeMs })
      server.closeAllConnections()
    })
    const ended = new Promise((resolve) => server.close(resolve))
    for (const [socket, requests] of inFlight) if (requests === 0) socket.destroySoon()
    await ended
    done.abort()
    await cut
  }
  return () => {
    closed ??= close()
    return closed
  }
}
