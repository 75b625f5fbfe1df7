import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import type { Mentions } from '../mentions.ts'
import type { Left } from '../purge.ts'
import { textsIn } from '../purging.ts'

/** Free pages that are overwritten in one transaction: a megabyte, which a service beside it waits for as for a few commits. */
const PAGES = 256
const CHUNK = 4 * 1024 * 1024
/** No identifier is longer, however it is escaped. */
const OVERLAP = 4 * 1024
/** So much around what was found is looked at. */
const AROUND = 96
const LONGER = String.raw`[\w.%+@-]`

/**
 * Overwrites the pages of the file that are free: what was deleted before stands on them. They are taken into a table that is emptied again, under `secure_delete`. Stopped at any point it leaves that
 * table, which the next one empties.
 */
export function overwriteFreePages(db: DatabaseSync): void {
  const pageSize = Number(db.prepare('PRAGMA page_size').get()?.page_size ?? 4096)
  const free = () => Number(db.prepare('PRAGMA freelist_count').get()?.freelist_count ?? 0)
  const fill = db.prepare('INSERT INTO blank_pages (zeros) VALUES (zeroblob(?))')
  // A service beside it goes on deleting: what is free later was free after the erasure.
  let left = free()
  while (left > 0) {
    const pages = Math.min(left, PAGES)
    fill.run(pages * (pageSize - 8))
    left = Math.min(left - pages, free())
  }
  const empty = db.prepare('DELETE FROM blank_pages WHERE id = (SELECT min(id) FROM blank_pages)')
  while (empty.run().changes > 0);
}

/** Copies the log into the file and empties it. False: somebody is reading all the time. */
export function emptyLog(db: DatabaseSync): boolean {
  return Number(db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy ?? 1) === 0
}

/** Every value of every table that names the customer, by table; and what only looks like it, because it is part of something longer. */
export function searchRows(db: DatabaseSync, mentions: Mentions): { left: Left[]; others: Set<string> } {
  const others = new Set<string>()
  const left: Left[] = []
  const tables = db
    .prepare(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'blank_pages'`,
    )
    .all()
    .map(({ name }) => String(name))
  for (const table of tables) {
    let count = 0
    for (const row of db.prepare(`SELECT * FROM "${table}"`).iterate()) {
      const values = textsIn(row)
      if (values.some((text) => mentions.in(text))) count += 1
      for (const text of values) for (const other of longerThan(text, mentions)) others.add(other)
    }
    if (count > 0) left.push({ where: `table ${table}`, count })
  }
  return { left, others }
}

/** Other people's, in which the customer's is found: `joann@example.com` has `ann@example.com` in it. */
function longerThan(text: string, mentions: Mentions): string[] {
  return mentions.anywhere(text).flatMap(({ at, found }) => {
    const before =
      new RegExp(`${LONGER}{0,${AROUND}}$`).exec(text.slice(Math.max(0, at - AROUND), at))?.[0] ?? ''
    const after =
      new RegExp(`^${LONGER}{0,${AROUND}}`).exec(
        text.slice(at + found.length, at + found.length + AROUND),
      )?.[0] ?? ''
    const whole = `${before}${found}${after}`
    return whole === found || mentions.in(whole) ? [] : [latin(whole)]
  })
}

function latin(text: string): string {
  return Buffer.from(text).toString('latin1').toLowerCase()
}

/** Searches the bytes of the database's files. `others`: what is not counted, as `searchRows` has it. */
export function searchFiles(
  file: string,
  mentions: Mentions,
  others: ReadonlySet<string>,
): { left: Left[]; searched: number } {
  const left: Left[] = []
  let searched = 0
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    if (!existsSync(path)) continue
    const found = searchFile(path, mentions, [...others])
    searched += found.bytes
    if (found.count > 0) left.push({ where: path, count: found.count })
  }
  return { left, searched }
}

function searchFile(path: string, mentions: Mentions, others: readonly string[]) {
  const descriptor = openSync(path, 'r')
  try {
    const { size } = fstatSync(descriptor)
    const buffer = Buffer.alloc(CHUNK + OVERLAP)
    const counted = new Set<number>()
    for (let from = 0; from < size; from += CHUNK) {
      const length = readSync(descriptor, buffer, 0, buffer.length, from)
      const text = buffer.toString('latin1', 0, length)
      for (const { at, found } of mentions.anywhere(text)) {
        const around = text.slice(Math.max(0, at - AROUND), at + found.length + AROUND).toLowerCase()
        if (!others.some((other) => around.includes(other))) counted.add(from + at)
      }
    }
    return { bytes: size, count: counted.size }
  } finally {
    closeSync(descriptor)
  }
}
