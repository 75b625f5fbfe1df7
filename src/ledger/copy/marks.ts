/**
 * What `meta` says of a ledger that is being copied into (`copy`), or was copied elsewhere (`moved`). Neither is a ledger that anything may be sent from: the one lacks what the other has, and from two the same
 * would be sent twice.
 */
export const COPY = 'copy'
export const MOVED = 'moved'

/** How far the copy is. `from`: the source as people call it. */
export type CopyMark = {
  /** By which the source's own mark is known to be of this copy. */
  id: string
  from: string
  /** What the source held when the copy began (`stampOf`). */
  stamp: string
  /** Up to where: the table, and the key of its last row as `keyText` writes it; null: nothing yet. */
  at: { table: string; key: string } | null
  rows: number
  /** Everything is there and was compared, and is on the disk. */
  isCompared: boolean
}

/** `to`: the copy as people call it. `at`: epoch milliseconds. */
export type MovedMark = { id: string; to: string; at: number }

/** To be asked before a ledger is used. */
export const MARKS = `SELECT name, value FROM meta WHERE name IN ('${COPY}', '${MOVED}')`

/** Why a ledger with these marks must not be used, in words; null: it may. `place`: its file, or its server and database. */
export function whyUnusable(marks: readonly { name: string; value: string }[], place: string): string | null {
  for (const { name, value } of marks) {
    if (name === COPY) {
      const { from } = JSON.parse(value) as CopyMark
      return `The ledger ${place} is a copy of ${from} that is not finished. Run it to its end, with DATABASE_URL as it was: postrider copy --to …; it goes on where it was. Or go on with ${from}.`
    }
    if (name === MOVED) {
      const { to, at } = JSON.parse(value) as MovedMark
      return `The ledger ${place} was copied to ${to} (${new Date(at).toISOString()}), which is used in its place: from both, messages would be sent twice. Set DATABASE_URL to that one. To use this one again, and that one no more: postrider copy --undo`
    }
  }
  return null
}
