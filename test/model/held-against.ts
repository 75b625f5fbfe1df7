import assert from 'node:assert/strict'
import type { MessageState } from '../../src/message.ts'
import type { Journal, Noted, Opening } from './journal.ts'

/** How often each thing was there to be looked at. */
export type Verdict = {
  messages: Record<MessageState, number>
  /** Answers of the last look. */
  answers: Record<string, number>
  /** Pairs of messages of one customer whose order was compared. */
  pairs: number
  /** Requests that were on their way when their customer refused, or their message was cancelled. */
  tooLate: number
  /** How many requests were on their way at once, at most. */
  atOnce: number
}

/** Throws where something was done that may not be. */
export function heldAgainst(
  journal: Journal,
  ledger: { messages: Record<MessageState, number>; accepted: ReadonlyMap<string, number> },
): Verdict {
  const sends = journal.opens.filter(({ attempt }) => attempt !== null)
  const byName = new Map<string, Send[]>()
  let tooLate = 0
  for (const opening of sends) {
    const message = journal.messages.get(opening.message)
    assert.ok(message)
    assert.ok(
      message.cancelledAt === null || message.cancelledAt > opening.asked,
      `message ${message.id} was cancelled before it was opened`,
    )
    const refusedAt = refusal(journal, message, opening)
    assert.ok(refusedAt > opening.asked, `message ${message.id} was opened for somebody who had refused it`)
    const endedAt = opening.ended ?? Number.POSITIVE_INFINITY
    if (refusedAt < endedAt || (message.cancelledAt ?? endedAt) < endedAt) tooLate += 1
    for (const name of message.names) {
      const ofName = byName.get(name)
      if (ofName) ofName.push({ opening, message })
      else byName.set(name, [{ opening, message }])
    }
  }
  for (const ofName of byName.values()) noTwoAtOnce(ofName)
  for (const opening of sends) withinCap(opening, journal, byName)
  const pairs = inOrder(journal, sends)

  const reached = sends.filter(({ outcome }) => outcome === 'sent' || outcome === 'unconfirmed').length
  const accepted = [...ledger.accepted.values()].reduce((sum, count) => sum + count, 0)
  assert.equal(accepted, reached, 'requests that Genesys took, and attempts that say so')

  const answers: Record<string, number> = {}
  for (const { answer } of journal.opens) answers[answer] = (answers[answer] ?? 0) + 1
  return { messages: ledger.messages, answers, pairs, tooLate, atOnce: mostAtOnce(sends) }
}

function mostAtOnce(sends: readonly Opening[]): number {
  const changes = sends.flatMap(({ begun, ended }) => [
    { place: begun, by: 1 },
    { place: ended ?? Number.POSITIVE_INFINITY, by: -1 },
  ])
  let [now, most] = [0, 0]
  for (const { by } of changes.sort((one, other) => one.place - other.place)) {
    now += by
    most = Math.max(most, now)
  }
  return most
}

type Send = { opening: Opening; message: Noted }

/** When the customer refused the channel; never: infinity. */
function refusal({ refusals }: Journal, { names }: Noted, { channel }: Opening): number {
  const places = names.flatMap((name) => [refusals.get(`${name} all`), refusals.get(`${name} ${channel}`)])
  return Math.min(...places.map((place) => place ?? Number.POSITIVE_INFINITY))
}

function noTwoAtOnce(ofName: readonly Send[]): void {
  const inOrder = ofName.toSorted((a, b) => a.opening.begun - b.opening.begun)
  for (const [n, { opening, message }] of inOrder.entries()) {
    const before = inOrder[n - 1]
    if (!before) continue
    const { ended } = before.opening
    assert.ok(
      ended !== null && ended < opening.begun,
      `message ${message.id} was opened while ${before.message.id} of the same customer was on its way`,
    )
  }
}

/** By its names, or any of them, the customer had room when it was opened. What failed in the end is not counted, which is mild. */
function withinCap(opening: Opening, journal: Journal, byName: ReadonlyMap<string, readonly Send[]>): void {
  const message = journal.messages.get(opening.message)
  const cap = message?.policies.cap
  if (!message || !cap) return
  const earlier = new Set<Opening>()
  for (const other of message.names.flatMap((name) => byName.get(name) ?? [])) {
    const { attempt, at, outcome } = other.opening
    const counts = outcome !== 'failed' && other.message.policies.countsIn.includes(cap.group)
    const isBefore = (attempt ?? 0) < (opening.attempt ?? 0) && at > opening.at - cap.perMs
    if (counts && isBefore && other.message.id !== message.id) earlier.add(other.opening)
  }
  assert.ok(
    earlier.size < cap.messages,
    `message ${message.id} was opened though its customer had got ${earlier.size} of ${cap.messages}`,
  )
}

/** Those of one customer, named in the same way, that nothing put off leave by their due time. Answers how many pairs there were. */
function inOrder({ messages }: Journal, sends: readonly Opening[]): number {
  const last = new Map<string, Noted>()
  let pairs = 0
  for (const { message: id } of sends) {
    const message = messages.get(id)
    if (!message || message.isMoved) continue
    const key = [...message.names].sort().join(' ')
    const before = last.get(key)
    last.set(key, message)
    if (!before) continue
    pairs += 1
    const isEarlier =
      before.dueAt < message.dueAt || (before.dueAt === message.dueAt && before.id < message.id)
    assert.ok(isEarlier, `message ${message.id} left after ${before.id} of the same customer`)
  }
  return pairs
}
