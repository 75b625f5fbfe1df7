import { Client, type ClientConfig, DatabaseError, type QueryConfig, types } from 'pg'

export type PostgresClient = {
  query: Client['query']
  /** False: it broke, or was given up because a statement took too long. */
  alive(): boolean
  end(): Promise<void>
}

/** `writes`: may hold locks, and is given up soon; `reads`: what operators ask for; `schema`: a migration, which takes what it takes; `listens`: waits. */
export type Use = 'writes' | 'reads' | 'schema' | 'listens'

const CONNECT_MS = 5_000
/** A server that is frozen answers no goodbye. */
const GOODBYE_MS = 1_000

/**
 * Every statement of a verb is a look-up in an index. On tables that are small still, the planner would read them whole, and keep to that plan while they grow. What
 * cannot be done otherwise costs ten billions since then, up to PostgreSQL 17, and would be compiled each time.
 */
const BY_INDEX = 'SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off; SET jit = off'

/** Numbers as SQLite gives them: integers are JavaScript's (ids and milliseconds are below 2^53), truth is 1 or 0. */
export const TYPES: NonNullable<ClientConfig['types']> = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === types.builtins.INT8 || oid === types.builtins.NUMERIC) return Number
    if (oid === types.builtins.BOOL) return (value: string) => (value === 't' ? 1 : 0)
    return types.getTypeParser(oid, format)
  },
} as NonNullable<ClientConfig['types']>

/**
 * What every connection is opened with. The server ends a statement that takes longer than `timeoutMs`, and a transaction whose instance went silent in the middle; the client gives a server up that
 * says nothing at all. TCP keeps asking whether it is still there.
 */
export function configOf({
  url,
  timeoutMs,
  use,
}: {
  url: string
  timeoutMs: number
  use: Use
}): ClientConfig {
  const isBounded = use === 'writes' || use === 'reads'
  return {
    connectionString: url,
    application_name: `postrider ${use}`,
    types: TYPES,
    // What is asked at once goes at once, and is answered in that order.
    pipeline: use === 'writes',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    idle_in_transaction_session_timeout: use === 'writes' ? timeoutMs * 2 : 60_000,
    ...(isBounded ? { statement_timeout: timeoutMs, query_timeout: timeoutMs + 2_000 } : {}),
  }
}

/** Rejects where the server cannot be reached or refuses the login. */
export async function openClient(options: {
  url: string
  timeoutMs: number
  use: Use
}): Promise<PostgresClient> {
  const client = new Client(configOf(options))
  let isAlive = true
  // Also what comes while nobody asks: a server that is stopped says so.
  client.on('error', () => {
    isAlive = false
  })
  client.on('end', () => {
    isAlive = false
  })
  try {
    await client.connect()
    if (options.use === 'writes') await client.query(soon(BY_INDEX))
  } catch (error) {
    destroy(client)
    throw error
  }

  const query = ((...args: unknown[]) =>
    (client.query as (...all: unknown[]) => Promise<unknown>).apply(client, args).catch((error: unknown) => {
      // The client's own time-out: the statement may still run, so nothing more goes over this connection.
      if (isGivenUp(error)) {
        isAlive = false
        destroy(client)
      }
      throw error
    })) as Client['query']

  return {
    query,
    alive: () => isAlive,
    async end() {
      if (!isAlive) return destroy(client)
      isAlive = false
      await leave(client.end(), [client])
    },
  }
}

/** Listens on a channel. `broke` is called once where the connection ends otherwise than by `end`. Rejects where the server cannot be reached. */
export async function openListener(options: {
  url: string
  channel: string
  heard(payload: string): void
  broke(why: string): void
}): Promise<{ end(): Promise<void> }> {
  const { url, channel, heard, broke } = options
  const client = new Client(configOf({ url, timeoutMs: 0, use: 'listens' }))
  // Until it listens, what breaks is told by the rejection alone.
  let isOver = true
  const over = (why: string) => {
    if (isOver) return
    isOver = true
    broke(why)
  }
  client.on('error', (error) => over(error.message))
  client.on('end', () => over('the server ended the connection'))
  client.on('notification', ({ payload }) => heard(payload ?? ''))
  try {
    await client.connect()
    await client.query(soon(`LISTEN ${channel}`))
  } catch (error) {
    destroy(client)
    throw error
  }
  isOver = false
  return {
    async end() {
      if (isOver) return destroy(client)
      isOver = true
      await leave(client.end(), [client])
    },
  }
}

/** A statement that belongs to connecting. */
function soon(text: string): QueryConfig {
  return { text, query_timeout: CONNECT_MS } as QueryConfig
}

/** Whether it is the client that no longer waits for an answer (or the connection that broke), and not the server that said no. */
export function isGivenUp(error: unknown): boolean {
  return !(error instanceof DatabaseError)
}

/** Waits for the goodbye of connections, and cuts those that get none. */
export async function leave(goodbye: Promise<unknown>, clients: Iterable<Client>): Promise<void> {
  const late = setTimeout(() => {
    for (const client of clients) destroy(client)
  }, GOODBYE_MS)
  try {
    await goodbye
  } finally {
    clearTimeout(late)
  }
}

/** At once: a server that is frozen answers no goodbye. */
function destroy(client: Client): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
  connection.stream.destroy()
}
