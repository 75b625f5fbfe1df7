/**
 * What it takes to remove what is old. `removed` says in words what is gone of a row and why; null: nothing. It costs the way of an event a byte and no page: what is old is found by id, in
 * whose order events come in.
 */
export const retention = {
  number: 7,
  sqlite: () => `
ALTER TABLE events ADD COLUMN removed TEXT;
ALTER TABLE messages ADD COLUMN removed TEXT;
-- Of the key (once) that a message's policies named before: by it the claim goes with the row.
ALTER TABLE messages ADD COLUMN once_hash BLOB;
-- Events that were old and had a message that was not finished when their turn came: they are looked at again.
CREATE TABLE kept_payloads (event_id INTEGER PRIMARY KEY) STRICT;
-- Empty. Filled and emptied when a customer is erased, so that free pages are overwritten.
CREATE TABLE blank_pages (id INTEGER PRIMARY KEY, zeros BLOB NOT NULL) STRICT;
CREATE INDEX cancellations_of ON cancellations (event_id);
CREATE INDEX runs_ended ON runs (ended_at) WHERE ended_at IS NOT NULL;
`,
}
