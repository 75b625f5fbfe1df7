import { PostriderError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { MessageFilter } from '../ledger/reads.ts'
import type { Customer, Message } from '../message.ts'
import type { ActedOn } from '../ops/actions/messages.ts'
import { messageWholeJson } from '../ops/shapes/attempt.ts'
import { messageJson } from '../ops/shapes/message.ts'
import { localTime, print, printJson, printTable, type Terminal } from './output.ts'
import { printRendered } from './show.ts'

export async function listMessages(ledger: Ledger, filter: MessageFilter, json: boolean, terminal: Terminal) {
  const messages = await ledger.reads.messages(filter)
  if (json) return printJson(terminal, messages.map(messageJson))
  printTable(
    terminal,
    ['ID', 'CREATED', 'STATE', 'ROUTE', 'CUSTOMER', 'CHANNEL', 'TRIES', 'DUE', 'REASON'],
    messages.map((message) => [
      message.id,
      localTime(message.createdAt),
      message.state,
      message.route,
      shortName(message.customer),
      message.channel,
      message.attempts,
      message.state === 'scheduled' ? localTime(message.dueAt) : '',
      message.reason,
    ]),
    'No messages match.',
  )
}

export async function showMessage(ledger: Ledger, id: number, json: boolean, terminal: Terminal) {
  const message = await ledger.reads.message(id)
  if (!message)
    throw new PostriderError('NOT_FOUND', `There is no message ${id}. List them: postrider messages list`)
  const attempts = await ledger.reads.attempts(id)
  if (json) return printJson(terminal, messageWholeJson(message, attempts))
  print(terminal, `Message ${id}  ${message.state}  ${message.route}  (event ${message.eventId})`)
  if (message.reason) print(terminal, message.reason)
  if (message.removed !== undefined) print(terminal, message.removed)
  else print(terminal, `to ${customerLine(message.customer)}`)
  // Of the last that had one: channels are climbed, and not all have addresses.
  const address = attempts.findLast((one) => one.channel === message.channel)?.address
  const facts = [
    `channel ${message.channel}`,
    ...contactFact(message),
    ...(address ? [`address ${address}`] : []),
    `due ${localTime(message.dueAt)}`,
    `not after ${localTime(message.expireAt)}`,
    ...(message.sentAt
      ? [`sent ${localTime(message.sentAt)}`, `conversation ${message.conversationId ?? 'not told'}`]
      : []),
    ...(message.manualBy ? [`re-triggered by ${message.manualBy}`] : []),
  ]
  print(terminal, facts.join('  ·  '))
  for (const line of findings(message)) print(terminal, line)
  printTable(
    terminal,
    ['ATTEMPT', 'OPENED', 'OUTCOME', 'CHANNEL', 'BY', 'STATUS', 'CODE', 'CORRELATION', 'REASON'],
    attempts.map((attempt) => [
      attempt.number,
      localTime(attempt.openedAt),
      attempt.outcome,
      attempt.channel,
      attempt.by ?? 'itself',
      attempt.status,
      attempt.code,
      attempt.correlationId,
      attempt.reason,
    ]),
    'No attempts.',
  )
  const rendered = attempts.at(-1)?.rendered ?? message.wouldSend
  if (!rendered || message.removed !== undefined) return
  print(terminal, '')
  print(
    terminal,
    `${attempts.length === 0 ? 'Would say' : 'Says'} (${rendered.channel}, ${rendered.templateVersion}):`,
  )
  printRendered(rendered, terminal)
}

/** Who was found in Genesys; over other channels than webmessaging it may be that nobody has to be. */
function contactFact({ contactId, foundBy, channel }: Message): string[] {
  if (contactId !== null) return [`contact ${contactId} found by ${foundBy}`]
  return channel === 'webmessaging' ? ['no contact found yet'] : []
}

/** What was found out around the send: the session it was made dependent on, what became of it, what the last look for it saw, and when the next is. */
function findings(message: Message): string[] {
  const { session, state, delivery, deliveryReason, lookAt, looks, lastLook } = message
  const lines: string[] = []
  if (message.waitsItsTurn) lines.push('waits its turn: another message of the same customer is under way')
  if (session)
    lines.push(`session ${localTime(session.startedAt)}  ·  conversation ${session.conversationId}`)
  if (lastLook) {
    const whole = lastLook.complete ? '' : ', and not all could be read'
    lines.push(`looked ${localTime(lastLook.at)}  ·  ${lastLook.saw}${whole}`)
  }
  if (state === 'unconfirmed') {
    const again = looks === 0 ? '' : ' again'
    lines.push(lookAt === null ? `not looked for${again}` : `looked for${again} ${localTime(lookAt)}`)
  }
  // One that was not seen goes on to its next channel.
  if (state === 'sent' || delivery !== 'unknown') {
    const why = deliveryReason === null ? '' : `: ${deliveryReason}`
    const next = state !== 'sent' || lookAt === null ? '' : `  ·  asked for next ${localTime(lookAt)}`
    lines.push(`delivery ${delivery}${why}${next}`)
  }
  return lines
}

/** Everything by which the event named them. */
export function customerLine(customer: Customer): string {
  const named = Object.entries(customer).filter(([, value]) => value !== undefined)
  return named.map(([name, value]) => `${name} ${value}`).join(' · ') || 'nobody whom the event names'
}

function shortName({ externalId, email, phone, name }: Customer): string {
  return externalId ?? email ?? phone ?? name ?? ''
}

/** Says what an operator's action came to; refused is a failure of the command. */
export function reportActed(acted: ActedOn, did: string, json: boolean, terminal: Terminal): void {
  if (acted.kind !== 'done') throw new PostriderError('REFUSED', acted.reason)
  if (json) printJson(terminal, messageJson(acted.message))
  else print(terminal, `Message ${acted.message.id} ${did}: now ${acted.message.state}.`)
}
