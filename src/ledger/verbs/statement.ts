/** What a statement takes; Buffers and other views are bytes. */
export type Value = null | number | bigint | string | Uint8Array

/** A statement that is prepared once. `Row` is what it returns; the SQL beside it is what vouches for that. */
export type Statement<Row> = {
  get(...values: Value[]): Row | undefined
  all(...values: Value[]): Row[]
  /** As `all`, for several at once: a list of rows for each. What is on another machine is asked once. */
  each(all: readonly (readonly Value[])[]): Row[][]
  /** `lastInsertRowid`: the id that an INSERT gave; says nothing where it gave none. */
  run(...values: Value[]): { changes: number; lastInsertRowid: number }
  /**
   * As `run`, where nobody asks what it comes to: what is on another machine is told together with the next statement that is waited for, the commit at the latest, and what it refuses is thrown there. Before that, on the
   * same connection, it is seen by all that follows.
   */
  later(...values: Value[]): void
}

/** What the two databases say differently in the statements that they share. */
export type Dialect = {
  /** Whether other instances are at work on the same database. */
  isShared: boolean
  /** After a SELECT: its row is changed next, by what was read, and by nobody else meanwhile. */
  forUpdate: string
  /** After a SELECT: rows that another transaction is changing are passed over. */
  skipLocked: string
  /** An expression: the id that the next row of events gets in this transaction. */
  nextEventId: string
}

/** As a LIMIT: whatever there is. SQLite wants one before an OFFSET, and PostgreSQL takes none below zero. */
export const ALL = 1_000_000_000

export type Prepare = <Row = never>(sql: string) => Statement<Row>
