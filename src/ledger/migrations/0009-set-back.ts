/** When the last call was given its place: a clock that goes behind it was set back. */
export const setBack = {
  number: 9,
  sqlite: () => 'ALTER TABLE budget ADD COLUMN taken_at INTEGER',
  postgres: () => 'ALTER TABLE budget ADD COLUMN taken_at bigint',
}
