import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { PostriderError } from '../errors.ts'

/** Listens, and keeps the open connections in `sockets`. Rejects with PORT_IN_USE. */
export function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  sockets: Set<Socket>,
  host: string,
  port: number,
): Promise<Server> {
  const server = createServer({ keepAliveTimeout: 30_000 }, handler)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const words = `The sandbox cannot listen on ${host}:${port} (${cause.code}). Stop what listens there, or choose another port.`
      reject(new PostriderError('PORT_IN_USE', words, { cause }))
    })
    server.listen(port, host, () => resolve(server))
  })
}
