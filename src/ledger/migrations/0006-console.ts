/** What the console looks things up by, and what happened in each minute of the last two days. */
export const operatorsConsole = {
  number: 6,
  sqlite: () => `
-- The event that the sender's id belongs to; null: the hash is of a body, or was taken before this was kept.
ALTER TABLE event_keys ADD COLUMN event_id INTEGER;

-- Random text in an index is dear, but there are no more attempts than Genesys Cloud takes requests.
CREATE INDEX attempts_by_correlation ON attempts (correlation_id) WHERE correlation_id IS NOT NULL;
CREATE INDEX attempts_by_genesys_message ON attempts (genesys_message_id) WHERE genesys_message_id IS NOT NULL;

CREATE INDEX audit_of_message ON audit (json_extract(target, '$.message'))
  WHERE json_extract(target, '$.message') IS NOT NULL;
CREATE INDEX audit_of_event ON audit (json_extract(target, '$.event'))
  WHERE json_extract(target, '$.event') IS NOT NULL;

-- Those that wait for an operator's word: a handful among all that are looked for.
CREATE INDEX messages_held ON messages (created_at) WHERE state = 'unconfirmed' AND look_at IS NULL;

-- By when they failed: what was planned long ago and fails now is today's trouble. With the state, or SQLite would take messages_by_state for all that ever failed; and only for
-- questions that compare the time, or it would take this one for lists, which are in another order, and sort them.
CREATE INDEX messages_failed ON messages (state, updated_at) WHERE state = 'failed' AND updated_at IS NOT NULL;

ALTER TABLE runs ADD COLUMN late INTEGER NOT NULL DEFAULT 0 CHECK (late IN (0, 1));

CREATE TABLE tallies (
  minute INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('received', 'calls', 'sent', 'failed', 'unconfirmed', 'skipped')),
  name TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (minute, kind, name)
) STRICT, WITHOUT ROWID;
-- Here and not where a state is given: no way to it can be forgotten.
CREATE TRIGGER messages_come_to AFTER UPDATE OF state ON messages
WHEN NEW.state <> OLD.state AND NEW.state IN ('sent', 'failed', 'unconfirmed', 'skipped')
BEGIN
  INSERT INTO tallies (minute, kind, name, count) VALUES (NEW.updated_at / 60000 * 60000, NEW.state, NEW.route, 1)
  ON CONFLICT (minute, kind, name) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER messages_begin_as AFTER INSERT ON messages
WHEN NEW.state IN ('sent', 'failed', 'unconfirmed', 'skipped')
BEGIN
  INSERT INTO tallies (minute, kind, name, count) VALUES (NEW.created_at / 60000 * 60000, NEW.state, NEW.route, 1)
  ON CONFLICT (minute, kind, name) DO UPDATE SET count = count + 1;
END;

-- When the first of the hour came: many at once are another thing than as many in an hour.
ALTER TABLE refused ADD COLUMN first_at INTEGER NOT NULL DEFAULT 0;

-- So many the message had when it was foreseen: what was tried since is not what somebody looked at.
ALTER TABLE run_messages ADD COLUMN attempts INTEGER;

ALTER TABLE notices ADD COLUMN kind TEXT NOT NULL DEFAULT '';
-- When it was first posted that it began, and may have arrived; null: it certainly did not.
ALTER TABLE notices ADD COLUMN tried_at INTEGER;
-- What began and was over before anybody can have heard of it is told neither way.
DROP INDEX notices_untold;
CREATE INDEX notices_untold ON notices (id)
  WHERE (told_at IS NULL AND over_at IS NULL) OR (over_at IS NOT NULL AND over_told_at IS NULL AND (told_at IS NOT NULL OR tried_at IS NOT NULL));
CREATE INDEX notices_over ON notices (over_at) WHERE over_at IS NOT NULL;
`,
}
