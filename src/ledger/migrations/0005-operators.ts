/**
 * Operators, what they did, what they had sent anew, and what was refused. Passwords are scrypt's; of sessions and tokens the hash alone is kept, so that
 * who reads the file enters nowhere. Nothing but the trail's own end takes a row out of it.
 */
export const operators = {
  number: 5,
  sqlite: () => `
CREATE TABLE operators (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  -- As access/password.ts writes it.
  password TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  removed_at INTEGER
) STRICT;

CREATE TABLE sessions (
  hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
  operator_id INTEGER NOT NULL REFERENCES operators (id),
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of ON sessions (operator_id, seen_at);

CREATE TABLE api_tokens (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER,
  used_at INTEGER,
  revoked_at INTEGER
) STRICT;

-- Logins that failed or are being tried, by the hash of whose name and from where.
CREATE TABLE failed_logins (
  hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
  count INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX failed_logins_by_time ON failed_logins (last_at);

-- Who did what to what: ids, never addresses.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY CHECK (id > 0),
  at INTEGER NOT NULL,
  "by" TEXT NOT NULL,
  action TEXT NOT NULL,
  -- JSON: { "message": 12 }
  target TEXT NOT NULL,
  reason TEXT
) STRICT;
CREATE INDEX audit_of ON audit (action, at);
CREATE TRIGGER audit_is_not_rewritten BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit trail is not rewritten'); END;
CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'the audit trail is not shortened'); END;
-- REPLACE asks no trigger of DELETE. Before a row has its id, that is -1.
CREATE TRIGGER audit_is_only_added_to BEFORE INSERT ON audit WHEN NEW.id BETWEEN 0 AND (SELECT max(id) FROM audit)
BEGIN SELECT raise(ABORT, 'the audit trail is only added to'); END;

-- What a program asked for under an idempotency key, and what it was answered.
CREATE TABLE idempotency_keys (
  hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
  -- Of what was asked.
  request_hash BLOB NOT NULL,
  status INTEGER,
  -- JSON; null: it is being done.
  body TEXT,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);

-- Many messages that are re-triggered together. Which they are was settled when it began.
CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  -- 'preparing' while its messages are written down, which takes several transactions.
  state TEXT NOT NULL CHECK (state IN ('preparing', 'running', 'stopped', 'done')),
  "by" TEXT NOT NULL,
  reason TEXT,
  force INTEGER NOT NULL CHECK (force IN (0, 1)),
  -- JSON: what they were chosen by, without addresses.
  filter TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  -- How many messages it has, and how many of them were re-triggered and refused so far: nobody counts them to know how far it is.
  total INTEGER NOT NULL DEFAULT 0,
  retried INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX runs_running ON runs (id) WHERE state = 'running';
CREATE INDEX runs_preparing ON runs (created_at) WHERE state = 'preparing';
CREATE TABLE run_messages (
  run_id INTEGER NOT NULL REFERENCES runs (id),
  message_id INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'retried', 'refused')),
  reason TEXT,
  PRIMARY KEY (run_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_messages_waiting ON run_messages (run_id, message_id) WHERE state = 'waiting';
CREATE INDEX run_messages_refused ON run_messages (run_id, message_id) WHERE state = 'refused';
CREATE INDEX run_messages_of ON run_messages (message_id);

-- What was refused of known sources, for a day: to be looked at again where our secret was wrong and not the sender. Headers hold what signed it and are shown to nobody.
CREATE TABLE refused_deliveries (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  method TEXT NOT NULL,
  target TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  -- When it was found to be authentic after all, and taken in.
  accepted_at INTEGER,
  -- JSON: node's raw headers, without those that sign nothing.
  headers TEXT NOT NULL,
  -- Null: too large to be kept. Last, so that what stands before it is read without it.
  body BLOB
) STRICT;
CREATE INDEX refused_deliveries_of ON refused_deliveries (source, received_at);
CREATE INDEX refused_deliveries_by_time ON refused_deliveries (received_at);

-- What somebody was told of (notify), by its cause; and when it was over.
CREATE TABLE notices (
  id INTEGER PRIMARY KEY,
  cause TEXT NOT NULL,
  -- JSON: what is said.
  data TEXT NOT NULL,
  since INTEGER NOT NULL,
  told_at INTEGER,
  over_at INTEGER,
  over_told_at INTEGER
) STRICT;
CREATE UNIQUE INDEX notices_standing ON notices (cause) WHERE over_at IS NULL;
CREATE INDEX notices_untold ON notices (id) WHERE told_at IS NULL OR (over_at IS NOT NULL AND over_told_at IS NULL);
`,
}
