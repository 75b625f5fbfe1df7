import type { Ledger } from '../../src/ledger/ledger.ts'
import type { Reads } from '../../src/ledger/reads.ts'
import { ANN, BEN, CLEO } from './filled.ts'

/** Each of them once, so that a new one must be asked too. */
const QUESTIONS: { [Read in Exclude<keyof Reads, 'close'>]: (reads: Reads) => Promise<unknown> } = {
  // Who is at work differs, and is looked at elsewhere.
  instances: async () => [],
  events: (reads) => reads.events({ limit: 100 }),
  event: (reads) => reads.event(3),
  messages: (reads) => reads.messages({ limit: 100 }),
  message: (reads) => reads.message(3),
  messageIds: (reads) => reads.messageIds({ customer: { email: 'ann@example.com' }, limit: 100 }),
  eventIds: (reads) => reads.eventIds({ type: 'ticket.*', limit: 100 }),
  attempts: async (reads) => Promise.all((await idsIn(reads)).map((id) => reads.attempts(id))),
  summary: (reads) => reads.summary(),
  suppressions: (reads) => reads.suppressions({ limit: 100 }),
  suppressionPage: (reads) => reads.suppressionPage({ limit: 1 }),
  suppressed: (reads) => reads.suppressed([ANN, BEN]),
  refusedDeliveries: (reads) => reads.refusedDeliveries({ limit: 100 }),
  refusedDelivery: (reads) => reads.refusedDelivery(1),
  eventPage: (reads) => reads.eventPage({}, { limit: 4 }),
  messagePage: (reads) => reads.messagePage({}, { limit: 4 }),
  search: async (reads) =>
    Promise.all(
      ['3', 'half', 'conv-1', 'corr-1', 'gen-1', 'ben@example.com'].map((text) => reads.search(text)),
    ),
  auditOf: async (reads) => Promise.all((await idsIn(reads)).map((message) => reads.auditOf({ message }))),
  trouble: (reads) => reads.trouble(),
  backlog: (reads) => reads.backlog(),
  tallies: (reads) => reads.tallies(0),
  eventsAfter: (reads) => reads.eventsAfter({ id: 2, receivedAt: 0 }, { since: 0, limit: 100 }),
  countEvents: (reads) => reads.countEvents({ since: 0, until: Number.MAX_SAFE_INTEGER }),
  messagesOf: async (reads) => inOrder(await reads.messagesOf([1, 2, 3, 4, 5, 6])),
  wishesOf: async (reads) => inOrder(await reads.wishesOf([ANN, BEN, CLEO])),
  messagesById: async (reads) => inOrder(await reads.messagesById(await idsIn(reads))),
  eventsById: async (reads) => inOrder(await reads.eventsById([1, 2, 3])),
  customersOf: async (reads) => inOrder(await reads.customersOf(await idsIn(reads))),
  operators: (reads) => reads.operators(),
  credentials: (reads) => reads.credentials('ann'),
  sessions: (reads) => reads.sessions(),
  tokens: (reads) => reads.tokens(),
  audit: (reads) => reads.audit({ limit: 100 }),
  runs: (reads) => reads.runs({ limit: 100 }),
  run: (reads) => reads.run(1),
}

/** What a ledger answers to every question that operators can ask. */
export async function everyRead({ reads }: Ledger): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {}
  for (const [name, question] of Object.entries(QUESTIONS)) answers[name] = await question(reads)
  return answers
}

const idsIn = (reads: Reads) => reads.messageIds({ limit: 100 })

/** Of those that promise none. */
function inOrder<T>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}
