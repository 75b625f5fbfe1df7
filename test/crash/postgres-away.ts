import { type ServerProcess, startServer } from '../ledger/postgres/server-process.ts'
import { TEST_KEY } from '../ledger/postgres-harness.ts'
import type { Outage, Stage } from './outages.ts'
import { startWire, type Wire } from './wire.ts'

export type PostgresStage = Stage & { server: ServerProcess; wire: Wire }

/** A server of its own. `isDirect`: the service knows nothing of the wire; what is refused at once looks otherwise at the wire's end. `urlOn`: of the database, where it is not the server's first. */
export async function postgresStage({
  isDirect = false,
  urlOn = async (server: ServerProcess) => server.url('postgres'),
} = {}): Promise<PostgresStage> {
  const server = await startServer()
  const url = await urlOn(server)
  const wire = await startWire(url)
  return {
    url,
    server,
    wire,
    env: { DATABASE_URL: isDirect ? url : wire.url, POSTRIDER_KEY: TEST_KEY.toString('base64') },
    async close() {
      await wire.close()
      await server.stop('immediate')
    },
  }
}

type PostgresOutage = Outage<PostgresStage>

export const RESTARTED: PostgresOutage = {
  name: 'restarted',
  begin: ({ server }) => server.stop('fast'),
  end: ({ server }) => server.start(),
  lastsMs: [0, 3_000],
  shows: 'refused',
}

export const KILLED: PostgresOutage = {
  ...RESTARTED,
  name: 'killed',
  begin: ({ server }) => server.stop('immediate'),
}

export const FROZEN: PostgresOutage = {
  name: 'frozen for seconds',
  begin: ({ server }) => server.pause(),
  end: ({ server }) => server.resume(),
  lastsMs: [4_500, 8_000],
  shows: 'unready',
}

export const FROZEN_SHORTLY: PostgresOutage = {
  ...FROZEN,
  name: 'frozen shortly',
  lastsMs: [100, 3_000],
  shows: 'nothing',
}

/** Than a connection is waited for, and than is asked what became of a commit. */
export const FROZEN_LONGER: PostgresOutage = {
  ...FROZEN,
  name: 'frozen for longer than it is waited for',
  lastsMs: [15_000, 40_000],
  shows: 'refused',
}
