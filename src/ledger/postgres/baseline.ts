import { OPERATOR_TABLES } from './baseline-operators.ts'
import { QUEUE_TABLES } from './baseline-queue.ts'
import { TRIGGERS } from './baseline-triggers.ts'
import { FUNCTIONS } from './functions.ts'

/** The migration whose schema a new PostgreSQL ledger begins with: there was none before it. Later ones say what they do to PostgreSQL. */
export const BEGINS_AT = 7

/**
 * The schema as the migrations up to `BEGINS_AT` leave it on SQLite: the same tables and columns in the same order, the same keys and indexes, the same refusals. Released like a migration: never edited, a change
 * is a migration of its own. `WITHOUT ROWID` has no counterpart and needs none.
 *
 * All text compares by its bytes (COLLATE "C"), column by column and not by the database's own order: operators have their databases from others, who chose a language. So order and pages are SQLite's; LIKE and
 * lower() know ASCII alone, as there; and no update of a system's locales breaks an index.
 */
export const BASELINE = [
  'CREATE TABLE meta (name text COLLATE "C" PRIMARY KEY, value text COLLATE "C" NOT NULL) WITH (fillfactor = 50);',
  FUNCTIONS,
  QUEUE_TABLES,
  OPERATOR_TABLES,
  TRIGGERS,
].join('\n')
