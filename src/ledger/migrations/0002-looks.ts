/**
 * What it takes to look in Genesys Cloud for what became of a message. All of it is null on the way of an event, so that recording one touches no page more
 * than before. What was `unconfirmed` by then has no time to be looked for: it waits for an operator, as it was told to.
 */
export const looks = {
  number: 2,
  sqlite: () => `
ALTER TABLE messages ADD COLUMN delivery_reason TEXT;
ALTER TABLE messages ADD COLUMN session TEXT;
ALTER TABLE messages ADD COLUMN look_at INTEGER;
ALTER TABLE messages ADD COLUMN looks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN last_look TEXT;
ALTER TABLE messages ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
-- The queue of looks: its head is read. Only what is to be looked for is in it.
CREATE INDEX messages_to_look ON messages (state, look_at) WHERE look_at IS NOT NULL;

ALTER TABLE attempts ADD COLUMN address TEXT;
-- What else went to the same customer at that time.
CREATE INDEX attempts_by_contact ON attempts (contact_id, opened_at) WHERE contact_id IS NOT NULL;
CREATE INDEX attempts_by_address ON attempts (address, opened_at) WHERE address IS NOT NULL;
-- What a conversation holds. Of attempts, not of messages: a message that was sent anew knows its last conversation only.
CREATE INDEX attempts_by_conversation ON attempts (conversation_id) WHERE conversation_id IS NOT NULL;

ALTER TABLE budget ADD COLUMN lowered_per_minute REAL;
ALTER TABLE budget ADD COLUMN lowered_until INTEGER;
`,
}
