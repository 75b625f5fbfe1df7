import type { SandboxChannel, SandboxConversation, SandboxMessage, Speaker } from './conversations.ts'

/** Of each customer the newest. */
const SHOWN_MESSAGES = 20

const CHANNELS: Readonly<Record<SandboxChannel, string>> = {
  webmessaging: 'Web messenger',
  sms: 'SMS',
  whatsapp: 'WhatsApp',
  open: 'Open messaging',
  apple: 'Apple Messages',
  email: 'Email',
}

const BEGUN_BY: Readonly<Record<Speaker, string>> = {
  api: 'your business',
  agent: 'an agent',
  customer: 'the customer',
}

type Entry = { at: number; day: string | null } & (
  | { talk: string }
  | { message: ReturnType<typeof shownMessage> }
)

/** What the conversations of a customer come to on the page, in the order of time: where each began, and what was said; `older`: messages left out. */
export function timelineOf(
  conversations: readonly SandboxConversation[],
  now: number,
): { older: number; entries: readonly Entry[] } {
  const all = conversations.flatMap(entriesOf).sort((a, b) => a.at - b.at)
  const messages = all.filter((entry) => 'message' in entry)
  const older = Math.max(0, messages.length - SHOWN_MESSAGES)
  const first = messages[older]
  const from = older === 0 || !first ? 0 : all.indexOf(first)
  let before = ''
  const entries = all.slice(from).map((entry) => {
    const day = dayOf(entry.at, now)
    const isNew = day !== before
    before = day
    return { ...entry, day: isNew ? day : null }
  })
  return { older, entries }
}

/** Emails are letters of their own: where their conversations begin says nothing. */
function entriesOf(conversation: SandboxConversation): Entry[] {
  const { channel, startedAt, endedAt, initiator, messages } = conversation
  const state = endedAt === null ? 'active now' : `ended ${dateOf(endedAt)}, ${timeOf(endedAt)}`
  // What a program began is over when it has spoken.
  const talk = `Conversation begun by ${BEGUN_BY[initiator]}${initiator === 'api' ? '' : `, ${state}`}`
  return [
    ...(channel === 'email' ? [] : [{ at: startedAt, day: null, talk: `${CHANNELS[channel]} · ${talk}` }]),
    ...messages.map((message) => ({ at: message.at, day: null, message: shownMessage(message) })),
  ]
}

function shownMessage({ channel, by, from, subject, text, html, at }: SandboxMessage) {
  const isMail = channel === 'email'
  return {
    channel: CHANNELS[channel],
    isMail,
    isTheirs: by === 'customer',
    from: from.name ?? (isMail ? from.address : WHO[by]),
    subject: subject || '(no subject)',
    text: text || (html === null ? '' : 'This email has HTML only.'),
    html,
    iso: new Date(at).toISOString(),
    time: timeOf(at),
  }
}

const WHO: Readonly<Record<Speaker, string>> = {
  api: 'Your business',
  agent: 'An agent',
  customer: 'The customer',
}

export function initialsOf(name: string): string {
  const [first = '?', ...rest] = [...name.matchAll(/(?<![\p{L}\p{N}])[\p{L}\p{N}]/gu)].map(
    ([letter]) => letter,
  )
  return `${first}${rest.at(-1) ?? ''}`.toUpperCase()
}

const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })

/** `19 November 2026`, in UTC as all times of the page. */
export function dateOf(at: number): string {
  return DAY.format(at)
}

function dayOf(at: number, now: number): string {
  const day = dateOf(at)
  return day === dateOf(now) ? 'Today' : day
}

function timeOf(at: number): string {
  return new Date(at).toISOString().slice(11, 16)
}
