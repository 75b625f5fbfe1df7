import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A wire between a ledger and its PostgreSQL that can be cut around a COMMIT. */
export type Wire = {
  /** The same database, at this end. */
  url: string
  /** Waits for the next COMMIT and keeps it back. */
  holdCommit(): Promise<HeldCommit>
  /** Whether new connections are let through. */
  shut(): void
  open(): void
  /** Resolves when somebody next connects. */
  connected(): Promise<void>
  close(): Promise<void>
}

/** The ledger has sent a COMMIT, and the server has not got it. */
export type HeldCommit = {
  /** The server gets it; resolves when it has answered. The ledger is not told. */
  forward(): Promise<void>
  /** The ledger's end breaks. The server's stands, with its transaction open, until `forward` or `end`. */
  cut(): void
  /** Both ends break. */
  end(): void
}

const isCommit = (message: Buffer) => message[0] === 0x51 && message.includes('COMMIT\0')

/** Parts what a client says into its messages, however it comes: a byte of its kind (but for the first), and four of its length, which count themselves. */
function createParting(): (piece: Buffer) => Buffer[] {
  let isFirst = true
  let rest = Buffer.alloc(0)
  return (piece) => {
    rest = Buffer.concat([rest, piece])
    const messages: Buffer[] = []
    for (;;) {
      const kind = isFirst ? 0 : 1
      if (rest.length < kind + 4) return messages
      const length = kind + rest.readUInt32BE(kind)
      if (rest.length < length) return messages
      messages.push(rest.subarray(0, length))
      rest = rest.subarray(length)
      isFirst = false
    }
  }
}

/** `target`: the URL of a database. */
export async function startWire(target: string): Promise<Wire> {
  const there = new URL(target)
  const waiting: ((held: HeldCommit) => void)[] = []
  const arrivals: (() => void)[] = []
  const sockets = new Set<Socket>()
  let isOpen = true

  // What is parted goes on piece by piece: no piece waits until the one before was acknowledged (Nagle's algorithm), or each way there and back takes 40 ms.
  const wire = createServer({ noDelay: true }, (ledger) => {
    for (const arrived of arrivals.splice(0)) arrived()
    if (!isOpen) return void ledger.destroy()
    const server = connect({ port: Number(there.port), host: there.hostname, noDelay: true })
    const answered = Promise.withResolvers<void>()
    let isHeld = false
    const partsOf = createParting()
    function pass(message: Buffer): void {
      const waiter = isCommit(message) ? waiting.shift() : undefined
      if (!waiter) return void server.write(message)
      isHeld = true
      waiter({
        forward() {
          server.write(message)
          return answered.promise
        },
        cut: () => void ledger.destroy(),
        end: () => void server.destroy(),
      })
    }
    ledger.on('data', (piece) => {
      for (const message of partsOf(piece)) pass(message)
    })
    server.on('data', (piece) => {
      // What was sent with it is answered before it.
      if (isHeld && piece.includes('COMMIT\0')) answered.resolve()
      else ledger.write(piece)
    })
    server.on('close', () => ledger.destroy())
    ledger.on('close', () => isHeld || server.destroy())
    for (const end of [ledger, server]) {
      sockets.add(end)
      // What breaks is closed, and that is heard.
      end.on('error', () => {})
      end.on('close', () => sockets.delete(end))
    }
  })
  wire.listen(0, '127.0.0.1')
  await once(wire, 'listening')
  const address = wire.address()
  if (address === null || typeof address === 'string') throw new Error('the wire does not listen')
  const here = new URL(target)
  here.port = String(address.port)

  return {
    url: here.href,
    holdCommit: () => new Promise((resolve) => waiting.push(resolve)),
    shut() {
      isOpen = false
    },
    open() {
      isOpen = true
    },
    connected: () => new Promise((resolve) => arrivals.push(resolve)),
    async close() {
      for (const socket of sockets) socket.destroy()
      wire.close()
      await once(wire, 'close')
    },
  }
}
