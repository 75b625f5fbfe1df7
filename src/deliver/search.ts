import type { Clock } from '../clock.ts'
import type { Answer, Genesys, ListedConversation } from '../genesys/genesys.ts'
import type { LookClaim, OtherSends } from '../ledger/ledger.ts'
import { type Attempt, CLOCK_SLACK_MS } from '../message.ts'
import { WINDOW_MS } from './sessions.ts'

export type SearchDeps = {
  /** Each takes its place in the budget. */
  genesys: Pick<Genesys, 'getContact' | 'findConversations' | 'getConversation' | 'getMessages'>
  clock: Clock
  /** Aborted when the service stops: what was not seen then says nothing. */
  stopping: AbortSignal
}

/**
 * What a look saw. `complete`: nothing that could have taken the message was left out. `answered`: every question was; where one was not, it is asked again
 * another time.
 */
export type Sight =
  | { kind: 'found'; conversationId: string; genesysMessageId: string | null; saw: string }
  | { kind: 'not-found'; complete: boolean; answered: boolean; saw: string }

const PAGE_SIZE = 100
/** More conversations in 31 days are not one customer's; what is left out makes the look incomplete. */
const MOST_PAGES = 2
const MOST_TEXTS = 1000

/**
 * Searches Genesys for what an attempt made: the conversations that could have taken it, the messages in them since it began, their texts. Never rejects for what
 * Genesys answers.
 */
export async function search(claim: LookClaim, deps: SearchDeps): Promise<Sight> {
  const { attempt } = claim
  if (attempt.channel === 'email') return searchEmails(claim, deps)
  const of = await searchedFor(attempt, deps)
  if ('saw' in of) return of
  const seen: Seen[] = []
  const read = new Set<string>()
  let more = false
  for (const window of windowsOf(attempt, deps.clock.now())) {
    const listed = await conversationsOf(attempt, of, window, deps)
    if (listed.kind === 'trouble') return unanswered(listed.saw)
    more ||= listed.more
    for (const conversation of listed.conversations.filter(({ id }) => !read.has(id))) {
      const messages = await readConversation(conversation, attempt, deps)
      if (messages.kind === 'trouble') return unanswered(messages.saw)
      read.add(conversation.id)
      seen.push(...messages.seen)
    }
    const sight = recognise(attempt, claim.others, seen)
    if (sight?.kind === 'found') return sight
  }
  const sight = recognise(attempt, claim.others, seen)
  if (sight) return sight
  const saw = `${count(read.size, 'conversation')} since 31 days before the attempt, ${count(seen.length, 'message')} since it began, none with this text`
  if ('addresses' in of) {
    return incomplete(
      `${saw}; how Genesys Cloud lists this address is not documented, so that absence is not known`,
    )
  }
  if (more) return incomplete(`${saw}; there are more conversations than were read`)
  return { kind: 'not-found', complete: true, answered: true, saw }
}

type Window = { from: number; to: number }

/** What began since the attempt comes first, because a message seldom joins what was there before; then the 31 days before it, whenever it is looked at. */
function windowsOf({ openedAt }: Attempt, now: number): Window[] {
  return [
    { from: Math.max(openedAt - CLOCK_SLACK_MS, now - WINDOW_MS), to: now },
    { from: openedAt - WINDOW_MS, to: openedAt },
  ]
}

type Of = { contactIds: readonly string[] } | { addresses: readonly string[] }

/** Whom conversations are looked for by: the contact with all that it was merged with since, or the forms of the address. */
async function searchedFor(
  attempt: Attempt,
  deps: SearchDeps,
): Promise<Of | Extract<Sight, { kind: 'not-found' }>> {
  if (attempt.channel !== 'webmessaging') {
    return attempt.address === null
      ? incomplete('the attempt names no address')
      : { addresses: addressForms(attempt.channel, attempt.address) }
  }
  if (attempt.contactId === null) return incomplete('the attempt names no contact')
  const contact = await deps.genesys.getContact(attempt.contactId)
  if (contact.kind !== 'ok') return unanswered(`the contact could not be read (${wordsOf(contact)})`)
  if (contact.value === null) return incomplete('Genesys Cloud does not know the contact any more')
  return { contactIds: [...new Set([...contact.value.ids, attempt.contactId])] }
}

/** As addresses stand in analytics, as far as is known. */
function addressForms(channel: Attempt['channel'], address: string): string[] {
  if (channel === 'open') return [address]
  const number = address.replace(/^\+/, '')
  return [`tel:+${number}`, `+${number}`, number]
}

type Listed =
  | { kind: 'listed'; conversations: readonly ListedConversation[]; more: boolean }
  | { kind: 'trouble'; saw: string }

async function conversationsOf(
  { channel }: Attempt,
  of: Of,
  { from, to }: Window,
  deps: SearchDeps,
): Promise<Listed> {
  const conversations: ListedConversation[] = []
  for (let page = 1; ; page += 1) {
    const answer = await deps.genesys.findConversations({
      of,
      mediaType: channel === 'email' ? 'email' : 'message',
      messageType: channel === 'email' ? null : channel,
      from,
      to,
      page,
      pageSize: PAGE_SIZE,
    })
    if (answer.kind !== 'ok') {
      return { kind: 'trouble', saw: `conversations could not be looked for (${wordsOf(answer)})` }
    }
    conversations.push(...answer.value.conversations)
    const { more } = answer.value
    if (!more || page === MOST_PAGES) return { kind: 'listed', conversations, more }
  }
}

type Seen = { conversationId: string; id: string; at: number; text: string | null }

/** The outbound messages of a conversation since the attempt began. */
async function readConversation(
  { id: conversationId }: ListedConversation,
  attempt: Attempt,
  deps: SearchDeps,
): Promise<{ kind: 'read'; seen: Seen[] } | { kind: 'trouble'; saw: string }> {
  const since = attempt.openedAt - CLOCK_SLACK_MS
  const held = await deps.genesys.getConversation(conversationId)
  if (held.kind !== 'ok' || held.value === null) {
    const why = held.kind === 'ok' ? 'not there' : wordsOf(held)
    return { kind: 'trouble', saw: `conversation ${conversationId} could not be read (${why})` }
  }
  if (held.value.messages.length === 0) {
    return { kind: 'trouble', saw: `conversation ${conversationId} is said to hold no message` }
  }
  const ids = held.value.messages.flatMap(({ id, at }) => (at === null || at >= since ? id : []))
  const seen: Seen[] = []
  for (let from = 0; from < ids.length; from += MOST_TEXTS) {
    const asked = ids.slice(from, from + MOST_TEXTS)
    const texts = await deps.genesys.getMessages(conversationId, asked)
    if (texts.kind !== 'ok') {
      return {
        kind: 'trouble',
        saw: `the texts of conversation ${conversationId} could not be read (${wordsOf(texts)})`,
      }
    }
    const read = new Set(texts.value.map(({ id }) => id))
    if (!asked.every((id) => read.has(id))) {
      return { kind: 'trouble', saw: `not every message of conversation ${conversationId} could be read` }
    }
    for (const { id, at, direction, text } of texts.value) {
      if (direction !== 'inbound' && (at === null || at >= since)) {
        seen.push({ conversationId, id, at: at ?? attempt.openedAt, text })
      }
    }
  }
  return { kind: 'read', seen }
}

/**
 * The attempt's message among those that were seen: the same text, not known to be another attempt's. Null: it is not there. Where another send of which no
 * id is known could have made it, it is not said to be found.
 */
function recognise(attempt: Attempt, others: OtherSends, seen: readonly Seen[]): Sight | null {
  const taken = new Set(others.genesysMessageIds)
  const free = seen.filter(({ id }) => !taken.has(id))
  const candidates = free
    .filter(({ text }) => text !== null && isText(text, attempt.rendered))
    .sort((a, b) => a.at - b.at)
  const [first] = candidates
  if (!first) {
    const unread = free.filter(({ text }) => text === null || attempt.channel === 'whatsapp').length
    return unread === 0
      ? null
      : incomplete(`${count(unread, 'message')} since the attempt whose text says nothing`)
  }
  if (candidates.length <= others.unidentified) {
    return incomplete(
      `${count(candidates.length, 'message')} with this text, and ${count(others.unidentified, 'other send')} to the customer that could have made it`,
    )
  }
  const { conversationId, id } = first
  return {
    kind: 'found',
    conversationId,
    genesysMessageId: id,
    saw: `message ${id} in conversation ${conversationId}`,
  }
}

/** Whether a text is what was sent. Over whatsapp a response was, whose words are not ours: what was filled in has to be there, and there has to be something. */
function isText(text: string, { text: sent, whatsapp }: Attempt['rendered']): boolean {
  if (!whatsapp) return comparable(text) === comparable(sent)
  const values = [...whatsapp.header, ...whatsapp.body].map(({ value }) => comparable(value))
  return values.length > 0 && values.every((value) => comparable(text).includes(value))
}

/** An email begins a conversation of its own: one to this address, begun by us since the attempt, with this subject. */
async function searchEmails({ attempt, others }: LookClaim, deps: SearchDeps): Promise<Sight> {
  if (attempt.address === null) return incomplete('the attempt names no address')
  const to = deps.clock.now()
  const window = { from: Math.max(attempt.openedAt - CLOCK_SLACK_MS, to - WINDOW_MS), to }
  const listed = await conversationsOf(attempt, { addresses: [attempt.address] }, window, deps)
  if (listed.kind === 'trouble') return unanswered(listed.saw)
  const taken = new Set(others.conversationIds)
  const subject = comparable(attempt.rendered.subject ?? '')
  const candidates = listed.conversations.filter(
    ({ id, startedAt, direction, subjects }) =>
      direction !== 'inbound' &&
      startedAt >= attempt.openedAt - CLOCK_SLACK_MS &&
      subjects.some((one) => comparable(one) === subject) &&
      !taken.has(id),
  )
  const first = candidates.at(-1)
  if (!first || candidates.length <= others.unidentified) {
    return incomplete(
      `${count(listed.conversations.length, 'email conversation')} with this address since the attempt, ${candidates.length} of them with this subject and not another’s; that an email is absent is never known`,
    )
  }
  return {
    kind: 'found',
    conversationId: first.id,
    genesysMessageId: null,
    saw: `an email with this subject, conversation ${first.id}`,
  }
}

function incomplete(saw: string): Extract<Sight, { kind: 'not-found' }> {
  return { kind: 'not-found', complete: false, answered: true, saw }
}

/** A question was not answered: what would have been seen is not known. */
function unanswered(saw: string): Extract<Sight, { kind: 'not-found' }> {
  return { kind: 'not-found', complete: false, answered: false, saw }
}

/** Genesys may trim a text and end its lines another way. */
function comparable(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ').trim()
}

function wordsOf(answer: Exclude<Answer<unknown>, { kind: 'ok' }>): string {
  const status = 'status' in answer && answer.status !== null ? `${answer.status} ` : ''
  return `${status}${answer.code ?? ''}: ${answer.message}`
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}
