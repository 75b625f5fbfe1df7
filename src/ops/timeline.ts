import type { Event } from '../event.ts'
import type { AuditRecord } from '../ledger/access.ts'
import { inWords } from '../ledger/words.ts'
import type { Attempt, Message, Pause } from '../message.ts'

/**
 * One line of what became of a message or an event. Times: epoch milliseconds. `at` null: it holds now. `until`: when what it waits for is over; null: it waits for nothing that has a time. `tone`: whether
 * somebody who looks for trouble should stop here.
 */
export type Moment = { at: number | null; text: string; until: number | null; tone: Tone }
export type Tone = 'plain' | 'good' | 'wait' | 'bad'

/** Where a sender's time and ours differ by less, nothing is said of it. */
const NOTEWORTHY_MS = 60_000

/**
 * How a message came to where it is, oldest first, in words. `trail`: what operators did to it. `pauses`: those that stand. Pure; names no customer, but quotes reasons, which whoever shows them masks as
 * they are masked elsewhere.
 */
export function timelineOf(of: {
  message: Message
  event: Event
  attempts: readonly Attempt[]
  trail: readonly AuditRecord[]
  pauses: readonly Pause[]
  now: number
}): Moment[] {
  const { message, event, attempts, trail } = of
  const past = [
    received(event),
    ...matched(message, event),
    ...attempts.flatMap((attempt, nth) => [
      ...foundMoments(message, attempts, nth),
      ...tried(attempt, attempts[nth + 1]),
    ]),
    ...trail.map(done),
    ...looked(message),
    ...ended(message, attempts),
  ]
  return [...inOrder(past), ...present(of)]
}

/** How an event came to where it is; `messages`: those that were planned for it. */
export function eventTimelineOf(of: {
  event: Event
  messages: readonly Message[]
  trail: readonly AuditRecord[]
}): Moment[] {
  const { event, messages, trail } = of
  const notes = event.notes.map(({ route, outcome, reason }): Moment => {
    const tone = outcome === 'failed' ? 'bad' : outcome === 'planned' ? 'good' : 'plain'
    // That a message is planned needs no reason.
    const why = outcome === 'planned' ? '' : tail(reason)
    return moment(event.receivedAt, `route ${route}: ${OUTCOMES[outcome]}${why}`, tone)
  })
  const none: Moment[] =
    event.notes.length === 0 && event.state === 'unrouted'
      ? [moment(event.receivedAt, event.reason ?? 'no route listens to it', 'plain')]
      : []
  const trouble: Moment[] =
    event.state === 'unreadable' || event.state === 'unplanned'
      ? [moment(event.receivedAt, `${event.state}: ${event.reason ?? 'no reason is known'}`, 'bad')]
      : []
  const planned = messages.map(({ id, route, createdAt, state }) =>
    moment(createdAt, `message ${id} planned by ${route}; it is ${state}`, 'plain'),
  )
  return inOrder([received(event), ...notes, ...none, ...trouble, ...planned, ...trail.map(done)])
}

const OUTCOMES = {
  planned: 'matched, a message is planned',
  'condition-false': 'its condition is false',
  off: 'it is off',
  failed: 'planning failed',
} as const

function received({ source, type, occurredAt, receivedAt }: Event): Moment {
  const ago = receivedAt - occurredAt
  const late = ago > NOTEWORTHY_MS ? `, ${inWords(ago)} after it happened` : ''
  const early = -ago > NOTEWORTHY_MS ? `; its sender’s clock is ${inWords(-ago)} ahead` : ''
  return moment(
    receivedAt,
    `received from ${source} as ${type || 'something unreadable'}${late}${early}`,
    'plain',
  )
}

function matched({ route, createdAt }: Message, { notes, receivedAt }: Event): Moment[] {
  const note = notes.find((one) => one.route === route)
  const again = createdAt - receivedAt > NOTEWORTHY_MS ? 'planned later: ' : ''
  const why = note === undefined || note.outcome === 'planned' ? '' : tail(note.reason)
  return [moment(createdAt, `${again}route ${route} matched${why}`, 'plain')]
}

function foundMoments({ contactId, foundBy }: Message, attempts: readonly Attempt[], nth: number): Moment[] {
  const attempt = attempts[nth]
  if (!attempt) return []
  const { openedAt, contactId: his, address } = attempt
  const before = attempts[nth - 1]
  if (his !== null && his !== before?.contactId) {
    const by = foundBy !== null && his === contactId ? ` by ${foundBy}` : ''
    return [moment(openedAt, `contact ${his} found${by}`, 'plain')]
  }
  return address !== null && before?.address === undefined
    ? [moment(openedAt, 'written to the address that the event named', 'plain')]
    : []
}

function tried(attempt: Attempt, next: Attempt | undefined): Moment[] {
  const { number, channel, outcome, openedAt, settledAt, by } = attempt
  const who = by === null ? '' : ` for ${by}`
  const head = `attempt ${number} over ${channel}${who}`
  if (outcome === 'open') return [moment(openedAt, `${head}: the request is on its way`, 'wait')]
  const answer = [attempt.status, attempt.code].filter((part) => part !== null).join(' ')
  const conversation = attempt.conversationId === null ? '' : `, conversation ${attempt.conversationId}`
  const text = {
    sent: `accepted by Genesys${conversation}`,
    failed: `not sent${answer === '' ? '' : `, ${answer}`}`,
    unconfirmed: `nobody knows whether it was sent${answer === '' ? '' : `, ${answer}`}`,
  }[outcome]
  const tone = outcome === 'sent' ? 'good' : 'bad'
  const settled = settledAt ?? openedAt
  const after = settled - openedAt >= 1_000 ? ` (the answer took ${inWords(settled - openedAt)})` : ''
  if (outcome === 'sent') return [moment(settled, `${head}: ${text}${after}`, tone)]
  // What an operator asked for came when they did.
  const again =
    next === undefined || next.by !== null ? '' : ` Tried again ${inWords(next.openedAt - settled)} later.`
  return [moment(settled, `${head}: ${text}${after}${tail(attempt.reason)}${again}`, tone)]
}

const DID: Readonly<Record<string, string>> = {
  'message.retry': 're-triggered',
  'message.cancel': 'cancelled',
  'message.settle': 'settled',
  'event.replan': 'planned again',
}

function done({ at, by, action, target, reason }: AuditRecord): Moment {
  const how = target.as === undefined ? '' : ` as ${String(target.as)}`
  const forced = target.force === 'yes' ? ' by force' : ''
  const code = target.code === undefined ? '' : `, ${String(target.code)}`
  const was = target.was === undefined ? '' : ` (it was ${String(target.was)}${code})`
  return moment(at, `${DID[action] ?? action}${how}${forced} by ${by}${tail(reason)}${was}`, 'plain')
}

function looked({ lastLook, looks }: Message): Moment[] {
  if (lastLook === null) return []
  const whole = lastLook.complete ? '' : ', and not all could be read'
  return [moment(lastLook.at, `look ${looks} in Genesys: ${lastLook.saw}${whole}`, 'plain')]
}

/** What ended it beside an attempt: those say themselves what came of them. */
function ended({ state, reason, updatedAt, code }: Message, attempts: readonly Attempt[]): Moment[] {
  const said = attempts.at(-1)
  if (state === 'skipped' || state === 'cancelled') {
    return [moment(updatedAt, `${state}${tail(reason ?? code)}`, state === 'skipped' ? 'wait' : 'plain')]
  }
  if (state === 'failed') {
    const same = said?.outcome === 'failed' && said.reason === reason
    return same
      ? [moment(updatedAt, 'failed: it is not tried again', 'bad')]
      : [moment(updatedAt, `failed${tail(reason ?? code)}`, 'bad')]
  }
  return []
}

/** What holds now. Where it holds until a time, the words end so that the time follows them. */
function present({
  message,
  pauses,
  now,
}: {
  message: Message
  pauses: readonly Pause[]
  now: number
}): Moment[] {
  const { state, reason, lookAt, delivery, deliveryReason } = message
  switch (state) {
    case 'scheduled':
      return waiting(message, pauses, now)
    case 'unconfirmed':
      return lookAt === null
        ? [
            holds(
              `unconfirmed, and not looked for any more: somebody must look in Genesys and say what became of it${tail(reason)}`,
              'bad',
            ),
          ]
        : [holds(`unconfirmed${tail(reason)} It is looked for in Genesys at`, 'bad', lookAt)]
    case 'sent': {
      const why = deliveryReason === null ? '' : `: ${deliveryReason}`
      const bad = delivery === 'undelivered' || delivery === 'failed'
      const again = lookAt === null ? '' : '; Genesys is asked for it at'
      return [holds(`sent; delivery ${delivery}${why}${again}`, bad ? 'bad' : 'good', lookAt)]
    }
    default:
      return []
  }
}

function waiting(message: Message, pauses: readonly Pause[], now: number): Moment[] {
  const { reason, dueAt, expireAt, waitsItsTurn } = message
  const paused = pauses.filter((pause) => covers(pause, message))
  const why = reason === null ? '' : `: ${reason}`
  const later = dueAt > now
  const due = paused.length === 0 && !waitsItsTurn && !later
  return [
    ...(waitsItsTurn
      ? [holds('waiting for its turn: another message of the same customer is under way', 'wait')]
      : []),
    ...paused.map((pause) => {
      const until = pause.until === null ? '' : ' It is tried again, or over, at'
      return holds(`waiting: sending is paused${tail(pause.reason)}${until}`, 'bad', pause.until)
    }),
    ...(later ? [holds(`waiting${why}${why === '' ? '' : ','} until`, 'wait', dueAt)] : []),
    ...(due ? [holds(`due${why}`, 'wait')] : []),
    holds('not sent any more after', 'plain', expireAt),
  ]
}

function holds(text: string, tone: Tone, until: number | null = null): Moment {
  return { at: null, text, until, tone }
}

function covers({ scope, name }: Pause, { route, source, channel }: Message): boolean {
  return scope === 'all' || name === { route, source, channel }[scope]
}

function moment(at: number, text: string, tone: Tone): Moment {
  return { at, text, until: null, tone }
}

function tail(reason: string | null): string {
  return reason === null || reason === '' ? '' : `: ${reason}`
}

/** By time; what happened at the same stays in the order in which it was told. */
function inOrder(moments: readonly Moment[]): Moment[] {
  return [...moments].sort((a, b) => (a.at ?? 0) - (b.at ?? 0))
}
