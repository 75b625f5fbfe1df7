import { EVENT_STATES } from '../../event.ts'
import { CHANNELS, MESSAGE_STATES } from '../../message.ts'
import { isIllegalTransition, list } from './states.ts'

/** The first ledger. What was released is never edited: a change of tables, states or transitions is a migration of its own. */
export const ledger = {
  number: 1,
  sqlite: () => `
CREATE TABLE sources (
  name TEXT PRIMARY KEY,
  last_event_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  type TEXT NOT NULL,
  key TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN (${list(EVENT_STATES)})),
  reason TEXT,
  notes TEXT NOT NULL,
  config_version TEXT NOT NULL,
  raw BLOB NOT NULL
) STRICT;
-- Counts by state, lists by state and time. Both columns grow in order: an insert touches the last page of its state.
CREATE INDEX events_by_state ON events (state, received_at);

CREATE TABLE event_keys (
  hash BLOB PRIMARY KEY CHECK (length(hash) = 16),
  keep_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE lanes (
  id INTEGER PRIMARY KEY,
  route TEXT NOT NULL,
  source TEXT NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN (${list(CHANNELS)})),
  UNIQUE (route, source, channel)
) STRICT;

CREATE TABLE messages (
  id INTEGER PRIMARY KEY,
  event_id INTEGER NOT NULL REFERENCES events (id),
  lane INTEGER NOT NULL REFERENCES lanes (id),
  source TEXT NOT NULL,
  route TEXT NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN (${list(CHANNELS)})),
  state TEXT NOT NULL CHECK (state IN (${list(MESSAGE_STATES)})),
  reason TEXT,
  code TEXT,
  rank INTEGER NOT NULL DEFAULT 1 CHECK (rank IN (0, 1)),
  due_at INTEGER NOT NULL,
  expire_at INTEGER NOT NULL,
  lease_owner TEXT,
  lease_token TEXT,
  lease_until INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  manual_by TEXT,
  contact_id TEXT,
  found_by TEXT,
  conversation_id TEXT,
  sent_at INTEGER,
  delivery TEXT NOT NULL DEFAULT 'unknown' CHECK (delivery IN ('unknown', 'delivered', 'undelivered', 'failed')),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  config_version TEXT NOT NULL,
  customer TEXT NOT NULL,
  policies TEXT NOT NULL,
  would_send TEXT,
  UNIQUE (event_id, route)
) STRICT;
-- The queue: the claim reads the head of one range for each lane and rank. Only what waits is in it.
CREATE INDEX messages_due ON messages (lane, rank, due_at) WHERE state = 'scheduled';
-- What a boot before left leased. A handful of rows, so that a start does not look through all that waits.
CREATE INDEX messages_leased ON messages (lease_until) WHERE lease_until > 0;
-- Counts by state, lists by state and time.
CREATE INDEX messages_by_state ON messages (state, created_at);

-- One tree of 16-byte hashes for all three identifiers instead of three indexes on their text: it is half the bytes, and an erased
-- customer's address is not left behind in an index page. In blocks of messages: a hash falls anywhere in a tree, so that each
-- would cost its commit a page of its own; those of one block fit a dozen pages, which all commits of that time share.
CREATE TABLE message_identifiers (
  block INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 16),
  message_id INTEGER NOT NULL,
  PRIMARY KEY (block, hash, message_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE once_keys (
  hash BLOB PRIMARY KEY CHECK (length(hash) = 16),
  message_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  id INTEGER PRIMARY KEY,
  message_id INTEGER NOT NULL REFERENCES messages (id),
  number INTEGER NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN (${list(CHANNELS)})),
  outcome TEXT NOT NULL CHECK (outcome IN ('open', 'sent', 'failed', 'unconfirmed')),
  "by" TEXT,
  opened_at INTEGER NOT NULL,
  settled_at INTEGER,
  status INTEGER,
  code TEXT,
  reason TEXT,
  correlation_id TEXT,
  conversation_id TEXT,
  genesys_message_id TEXT,
  contact_id TEXT,
  rendered TEXT NOT NULL,
  UNIQUE (message_id, number)
) STRICT;

CREATE TABLE pauses (
  id INTEGER PRIMARY KEY,
  scope TEXT NOT NULL CHECK (scope IN ('all', 'route', 'source', 'channel')),
  name TEXT NOT NULL,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER,
  probes INTEGER NOT NULL,
  "by" TEXT NOT NULL,
  probe_message INTEGER,
  ended_at INTEGER,
  ended_by TEXT
) STRICT;
CREATE UNIQUE INDEX pauses_standing ON pauses (scope, name, code) WHERE ended_at IS NULL;

CREATE TABLE route_opens (
  route TEXT NOT NULL,
  per_ms INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (route, per_ms, bucket)
) STRICT, WITHOUT ROWID;

CREATE TABLE refused (
  hour INTEGER NOT NULL,
  source TEXT NOT NULL,
  reason TEXT NOT NULL,
  count INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (hour, source, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE budget (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  tat REAL NOT NULL
) STRICT;
INSERT INTO budget (id, tat) VALUES (1, 0);

${transitionGuard()}
`,
}

/** A trigger that refuses every change of a message's state that `TRANSITIONS` does not know. */
function transitionGuard(): string {
  return `
CREATE TRIGGER messages_transition BEFORE UPDATE OF state ON messages
WHEN ${isIllegalTransition()}
BEGIN
  SELECT RAISE(ABORT, 'a message cannot go from ' || OLD.state || ' to ' || NEW.state);
END;`
}
