import { existsSync, realpathSync } from 'node:fs'
import type { Clock } from '../../clock.ts'
import { PostriderError } from '../../errors.ts'
import { fileOf, isPostgres } from '../open.ts'
import { placeOf } from '../postgres.ts'
import { markOf, movedFrom, removeMark, setMark } from './begin.ts'
import { assertSame } from './compare.ts'
import { assertKey } from './key.ts'
import { COPY, type CopyMark, MOVED, type MovedMark } from './marks.ts'
import { openPostgresSide } from './postgres-side.ts'
import { copyRows, saveMark } from './rows.ts'
import type { Side } from './side.ts'
import { openSqliteSide } from './sqlite-side.ts'
import { TABLES } from './tables.ts'

export type CopyRequest = {
  /** URLs of ledgers. */
  from: string
  to: string
  /** POSTRIDER_KEY; undefined: what lies beside the source's file. */
  key: Uint8Array | undefined
  clock: Pick<Clock, 'now'>
  /** Rows that were copied or compared, of how many; after each batch that is committed. */
  progress?(step: 'copy' | 'compare', done: number, of: number): void
  /** Rows of one batch, where it is less than the table's own. */
  atOnce?: number
}

/** `from` and `to`: files, or servers and databases. `keyFile`: where the key lies that the copy needs; null: it is POSTRIDER_KEY. */
export type Copied = {
  from: string
  to: string
  tables: readonly { table: string; rows: number }[]
  rows: number
  keyFile: string | null
}

/**
 * Copies a ledger into an empty one, of either kind, compares both, and marks the source as moved; what was begun before and not finished goes on where it was. At no moment may both be used: the copy is refused until it is
 * whole, and the source from just before that. Rejects with LEDGER_IN_USE where a service uses one of them, with REFUSED where the copy is not empty and no copy of this source that was begun, or does not hold the same in
 * the end; otherwise as `openLedger` does. Then the source is what it was.
 */
export async function copyLedger({ from, to, key, clock, ...options }: CopyRequest): Promise<Copied> {
  assertApart(from, to)
  const source = await openSide(from, 'source')
  try {
    const keyFile = await assertKey(source, from, key)
    const moved = await movedFrom(source)
    const copy = await openSide(to, 'copy')
    try {
      const mark = await markOf(source, copy, moved)
      const tables = await countsOf(source)
      if (moved === null || !mark.isCompared) {
        await fill(source, copy, mark, { ...options, of: sum(tables) })
        const says: MovedMark = { id: mark.id, to: copy.place, at: clock.now() }
        await source.write(() => setMark(source, MOVED, says), { durable: true })
      }
      await copy.write(() => removeMark(copy, COPY), { durable: true })
      return { from: source.place, to: copy.place, tables, rows: sum(tables), keyFile }
    } finally {
      await copy.close()
    }
  } finally {
    await source.close()
  }
}

/** Has a ledger used again that was copied elsewhere. Answers what it is, and where to it was copied. Rejects with REFUSED where it was not, with LEDGER_IN_USE where somebody uses it. */
export async function undoCopy(url: string): Promise<{ ledger: string; copy: string }> {
  const source = await openSide(url, 'source')
  try {
    const moved = await movedFrom(source)
    if (moved === null) {
      throw new PostriderError(
        'REFUSED',
        `The ledger ${source.place} is not marked as copied elsewhere: there is nothing to undo.`,
      )
    }
    await source.write(() => removeMark(source, MOVED), { durable: true })
    return { ledger: source.place, copy: moved.to }
  } finally {
    await source.close()
  }
}

async function fill(
  source: Side,
  copy: Side,
  mark: CopyMark,
  { of, progress = () => {}, atOnce }: Pick<CopyRequest, 'progress' | 'atOnce'> & { of: number },
): Promise<void> {
  const copied = (rows: number) => progress('copy', rows, of)
  const last = await copyRows(source, copy, mark, { copied, atOnce })
  await assertSame(source, copy, (done) => progress('compare', done, of))
  await copy.numberOn(TABLES)
  await copy.analyze()
  // Takes all of it to the disk, before the source is given up.
  await copy.write(() => saveMark(copy, { ...last, isCompared: true }), { durable: true })
}

function openSide(url: string, as: 'source' | 'copy'): Side | Promise<Side> {
  const file = fileOf(url)
  if (file !== undefined && file !== ':memory:') return openSqliteSide(file, as)
  if (isPostgres(url)) return openPostgresSide(url, placeOf(url))
  throw new PostriderError(
    'USAGE',
    `${as === 'copy' ? '--to' : 'DATABASE_URL'} is not a ledger. Name a database, postgres://user:password@host/postrider, or a file, sqlite:data/copy.db`,
  )
}

function assertApart(from: string, to: string): void {
  const [a, b] = [from, to].map((url) => {
    const file = fileOf(url)
    if (file !== undefined) return existsSync(file) ? realpathSync(file) : file
    return isPostgres(url) ? placeOf(url) : url
  })
  if (a !== b) return
  throw new PostriderError(
    'USAGE',
    `${b} would be copied into itself. Name another database in --to, or the one to be copied in DATABASE_URL.`,
  )
}

async function countsOf(side: Side): Promise<Copied['tables']> {
  const counts: { table: string; rows: number }[] = []
  for (const { name, where = 'true' } of TABLES) {
    const [row] = await side.all(`SELECT count(*) FROM ${name} WHERE ${where}`)
    counts.push({ table: name, rows: Number(row?.[0] ?? 0) })
  }
  return counts
}

const sum = (tables: Copied['tables']) => tables.reduce((total, { rows }) => total + rows, 0)
