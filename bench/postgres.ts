import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { Client } from 'pg'
import { startServer } from '../test/ledger/postgres/server-process.ts'

export type BenchPostgres = { url: string; end(): Promise<void> }

/**
 * An empty database to measure on: of the server that BENCH_DATABASE_URL names, whose user must be allowed to make one, or of a server that is started for it. That one writes into the
 * system's folder for temporary files, and says so where that is on another disk than `folder`.
 */
export async function benchPostgres(folder: string): Promise<BenchPostgres> {
  const given = process.env.BENCH_DATABASE_URL
  const server = given === undefined ? await startServer() : null
  if (server && statSync(server.folder).dev !== statSync(folder).dev) {
    console.error(
      `PostgreSQL writes into ${server.folder}, which is on another disk than ${folder}: set TMPDIR`,
    )
  }
  const house = given ?? server?.url('postgres') ?? ''
  const name = `postrider_bench_${randomBytes(6).toString('hex')}`
  await ask(house, `CREATE DATABASE ${name}`)
  const url = new URL(house)
  url.pathname = `/${name}`
  return {
    url: url.href,
    async end() {
      if (server) await server.stop('immediate')
      else await ask(house, `DROP DATABASE ${name} WITH (FORCE)`)
    },
  }
}

async function ask(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
