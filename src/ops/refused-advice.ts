import { UNKNOWN_SOURCE } from '../receive/refusals.ts'

/** What to do about a source of which everything is refused, by the reason that it is counted under. Reasons that are not here are our own trouble, which has lines of its own. */
const ADVICE: Readonly<Record<string, string>> = {
  'missing-header': 'see that the sender signs at all, and that nothing on the way drops its headers',
  'duplicate-header': 'see what on the way adds a second header',
  'malformed-header':
    'see that the source has the preset of this sender, and that nothing on the way changes its headers',
  'too-old': 'set the clocks; a sender that signs once for all its tries cannot be taken later',
  'too-new': 'set the clocks',
  'no-match': 'compare the secret with the sender’s, and see that nothing on the way changes the body',
  'wrong-url': 'the log line of the refusal says what was called: set publicUrl of the source to that',
  'no-secret': 'no secret is set here: give the source its secret and restart',
  'wrong-method': 'tell the sender to use POST',
  'too-large': 'tell the sender to send less at once',
  'content-encoding': 'tell the sender not to compress',
}

/** For an operator. How the sender's side is set up stands behind the command at its end. */
export function adviceFor(source: string, reason: string): string {
  const { todo, command } = adviceParts(source, reason)
  return command === null ? todo : `${todo} ${command}`
}

/** The same in its words and the command that they lead up to. */
export function adviceParts(source: string, reason: string): { todo: string; command: string | null } {
  if (source === UNKNOWN_SOURCE) {
    const todo =
      'no source has the name at the end of that URL. Which URL it was, and whose address, says the access log of what stands before Postrider: mend the URL at that sender, or add the source. Those that there are:'
    return { todo, command: 'npx postrider sources list' }
  }
  const advice = ADVICE[reason] ?? 'see the log for what failed here'
  return {
    todo: `${advice}. How its side is set up:`,
    command: `npx postrider sources show ${source}`,
  }
}

const WORDS: Readonly<Record<string, string>> = {
  'missing-header': 'not signed',
  'duplicate-header': 'a header came twice',
  'malformed-header': 'a header is not as it should be',
  'too-old': 'signed too long ago',
  'too-new': 'signed in the future',
  'no-match': 'no secret matched',
  'wrong-url': 'signed for another URL',
  'no-secret': 'no secret is set here',
}

/** What the reason says: `no secret matched`; the reason itself where there are no words for it. */
export function shortWords(reason: string): string {
  return WORDS[reason] ?? reason
}

/** The reason with what it says: `no secret matched (no-match)`. */
export function reasonWords(reason: string): string {
  const words = WORDS[reason]
  return words === undefined ? reason : `${words} (${reason})`
}

/** What takes in those that are kept. The time is that of UTC, so that it means the same in every terminal, and in whole minutes. */
export function recheckCommand(source: string, since: number): string {
  const time = new Date(since).toISOString().slice(0, 16)
  return `npx postrider refused recheck --source ${source} --since ${time}Z`
}
