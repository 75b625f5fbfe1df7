/**
 * What senders say beside the type and the key of an event. All of it is null where it says nothing new: `sender_type` where it equals `type`, `headers` where
 * there are none, and every row from before. A null costs a byte, so that recording an event touches no page more.
 */
export const sources = {
  number: 3,
  sqlite: () => `
ALTER TABLE events ADD COLUMN sender_type TEXT;
ALTER TABLE events ADD COLUMN subject TEXT;
ALTER TABLE events ADD COLUMN headers TEXT;
`,
}
