import { type MessageState, TRANSITIONS } from '../../message.ts'

/** Words as a list of SQL. */
export function list(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ')
}

/** Whether an UPDATE of a message changes its state to one that `TRANSITIONS` does not know: the condition of a trigger, on SQLite as on PostgreSQL. */
export function isIllegalTransition(): string {
  const legal = Object.entries(TRANSITIONS).map(
    ([from, to]: [string, readonly MessageState[]]) =>
      `(OLD.state = '${from}' AND NEW.state IN (${list(to)}))`,
  )
  return `OLD.state <> NEW.state AND NOT (${legal.join(' OR ')})`
}
