import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Identity, identity } from '../ledger/postgres/binaries.ts'
import { asking } from './asking.ts'
import type { Outage, Stage } from './outages.ts'
import { type PostgresStage, postgresStage } from './postgres-away.ts'
import { type SmallDisk, smallDisk } from './small-disk.ts'

export type SqliteStage = Stage & { file: string }

/** A ledger in a folder of its own. */
export function sqliteStage(): SqliteStage {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-stage-'))
  return { ...stageIn(folder), close: async () => rmSync(folder, { recursive: true }) }
}

function stageIn(folder: string): Omit<SqliteStage, 'close'> {
  const file = join(folder, 'ledger.db')
  const url = `sqlite:${file}`
  return { url, file, env: { DATABASE_URL: url } }
}

/**
 * No file of the service may grow beyond a limit, and what is written there is refused (EFBIG): the same to SQLite as a disk that is full, on any Linux and without a file system of one's own. A piece of what is
 * written still finds room.
 */
export const SQLITE_LIMITED: Outage<SqliteStage> = {
  name: 'may not grow',
  begin({ file, scene, random }) {
    const { size } = statSync(`${file}-wal`)
    limitFiles(scene.service.process.pid, Math.round(size + 1_000 + random() * 8_192), null)
  },
  end: ({ scene }) => limitFiles(scene.service.process.pid, 'unlimited', null),
  lastsMs: [0, 2_000],
  shows: 'no room',
}

/** The same for the connection that writes: its table is brought beyond the size that the server's own log has to have, and may not grow any more. */
export const POSTGRES_LIMITED: Outage<PostgresStage> = {
  ...SQLITE_LIMITED,
  begin: ({ url, scene }) =>
    asking(url, async (client) => {
      const size = async () =>
        Number((await client.query(`SELECT pg_relation_size('events') AS size`)).rows[0]?.size)
      if ((await size()) < LOG_BYTES) {
        // One to be like.
        await scene.post()
        await client.query(MANY_PAGES)
      }
      await limitWriter(url, await size())
    }),
  end: ({ url }) => limitWriter(url, 'unlimited'),
}

function limitWriter(url: string, bytes: number | 'unlimited'): Promise<void> {
  return asking(url, async (client) => {
    const { rows } = await client.query(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'postrider writes'`,
    )
    for (const { pid } of rows) limitFiles(pid, bytes, identity())
  })
}

/** A file of the write-ahead log; a server that cannot write it goes down. */
const LOG_BYTES = 16 * 1024 * 1024
/** So that each event has a page to itself, and there are as many as a file of the log is long. */
const MANY_PAGES = `
  ALTER TABLE events SET (fillfactor = 10);
  INSERT INTO events SELECT (jsonb_populate_record(events, jsonb_build_object('id', -n, 'key', 'room ' || n, 'reason', repeat('x', 900)))).*
    FROM events, generate_series(1, ${LOG_BYTES / 8_192 + 50}) AS n WHERE events.id = (SELECT min(id) FROM events)`

/** `as`: whoever's the process is. */
function limitFiles(pid: number | undefined, bytes: number | 'unlimited', as: Identity): void {
  execFileSync('prlimit', [`--pid=${pid}`, `--fsize=${bytes}:`], { ...as })
}

type Full<S extends Stage> = { stage: S; outage: Outage<S> }

/** A ledger on a file system of its own, which is full (ENOSPC) in its outages; null where none may be mounted. */
export function fullSqlite(): Full<SqliteStage> | null {
  const disk = smallDisk(64)
  if (!disk) return null
  const stage = { ...stageIn(disk.folder), close: async () => disk.remove() }
  return { stage, outage: fullOutage(disk) }
}

/** The same of a database whose tables lie on such a file system; the server's log lies elsewhere. */
export async function fullPostgres(): Promise<Full<PostgresStage> | null> {
  const disk = smallDisk(96, identity())
  if (!disk) return null
  const stage = await postgresStage({
    isDirect: true,
    async urlOn(server) {
      await asking(server.url('postgres'), async (client) => {
        await client.query(`CREATE TABLESPACE small LOCATION '${disk.folder}'`)
        await client.query('CREATE DATABASE small TABLESPACE small')
      })
      return server.url('small')
    },
  })
  const close = async () => {
    await stage.close()
    disk.remove()
  }
  return { stage: { ...stage, close }, outage: fullOutage(disk) }
}

function fullOutage({ fill, free }: SmallDisk): Outage<Stage> {
  return { name: 'full', begin: fill, end: free, lastsMs: [0, 2_000], shows: 'no room' }
}
