/**
 * What it takes to look once more, before a request leaves, whether it is still right to send. Whom a message is for is kept as keyed hashes of all their names, 16 bytes each, one after
 * the other: caps, order and refusals match on any of them, and nothing here tells who it is.
 */
export const whenItIsRight = {
  number: 4,
  sqlite: () => `
ALTER TABLE messages ADD COLUMN names BLOB;
ALTER TABLE messages ADD COLUMN cancel_keys BLOB;
-- Cancellations up to this event do not count: an operator re-triggered the message in spite of them.
ALTER TABLE messages ADD COLUMN cancel_from INTEGER NOT NULL DEFAULT 0;
-- The name, as its hash, of which another message has the turn.
ALTER TABLE messages ADD COLUMN waits_for BLOB;
-- The message that held the key (once) for whose sake this one is skipped.
ALTER TABLE messages ADD COLUMN skipped_for INTEGER;
CREATE INDEX messages_skipped_for ON messages (skipped_for) WHERE skipped_for IS NOT NULL;

-- The queue: what waits its turn is not in it, so that the claim never looks through that.
DROP INDEX messages_due;
CREATE INDEX messages_due ON messages (lane, rank, due_at) WHERE state = 'scheduled' AND waits_for IS NULL;
-- A line for each name, in the order of the queue.
CREATE INDEX messages_waiting ON messages (waits_for, rank, due_at) WHERE waits_for IS NOT NULL;

-- Who is at it, for each name of the customer: a handful of rows, of messages that are claimed, sending, retried or looked for.
CREATE TABLE turns (
  hash BLOB NOT NULL CHECK (length(hash) = 16),
  message_id INTEGER NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (hash, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX turns_of ON turns (message_id);

-- What later events cancel, and the messages that ask for it. Those that ended are taken out when an event comes upon them.
CREATE TABLE cancellations (
  hash BLOB NOT NULL CHECK (length(hash) = 16),
  event_id INTEGER NOT NULL,
  occurred_at INTEGER NOT NULL,
  PRIMARY KEY (hash, occurred_at, event_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE cancel_keys (
  hash BLOB NOT NULL CHECK (length(hash) = 16),
  message_id INTEGER NOT NULL,
  PRIMARY KEY (hash, message_id)
) STRICT, WITHOUT ROWID;

-- Events whose message a newer event of the same key took over (onRepeat: replace), so that planning them once more does not bring the old data back.
CREATE TABLE replaced (
  event_id INTEGER NOT NULL,
  route TEXT NOT NULL,
  message_id INTEGER NOT NULL,
  PRIMARY KEY (event_id, route)
) STRICT, WITHOUT ROWID;

-- When each key was taken; 0: before this was kept, which is when its message was made.
ALTER TABLE once_keys ADD COLUMN taken_at INTEGER NOT NULL DEFAULT 0;

-- Each request that left, by name of its customer and group of caps. What became of it says its attempt.
CREATE TABLE customer_sends (
  hash BLOB NOT NULL CHECK (length(hash) = 16),
  cap_group TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  attempt_id INTEGER NOT NULL,
  PRIMARY KEY (hash, cap_group, opened_at, attempt_id)
) STRICT, WITHOUT ROWID;

-- Who must not be written to; channel '': over none. What was lifted stays, so that an event that said it before does not say it anew.
CREATE TABLE suppressions (
  hash BLOB NOT NULL CHECK (length(hash) = 16),
  channel TEXT NOT NULL,
  kind TEXT NOT NULL,
  reason TEXT NOT NULL,
  "by" TEXT NOT NULL,
  since INTEGER NOT NULL,
  lifted_at INTEGER,
  PRIMARY KEY (hash, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX suppressions_by_time ON suppressions (since) WHERE lifted_at IS NULL;

-- What a customer last said about marketing.
CREATE TABLE consents (
  hash BLOB PRIMARY KEY CHECK (length(hash) = 16),
  given INTEGER NOT NULL CHECK (given IN (0, 1)),
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
}
