import type { Message } from '../../message.ts'
import type {
  FirstOpens,
  Foreseeable,
  Foreseen,
  ForeseeRequest,
  Foresight,
  SpecialCode,
} from '../foresight.ts'
import type { AttemptDraft, Opened } from '../ledger.ts'
import { covers } from '../standing.ts'
import type { Audit } from './audit.ts'
import { createBrakeCounts } from './brake.ts'
import { createCancellations } from './cancellations.ts'
import { createCaps } from './caps.ts'
import { createHeld } from './held.ts'
import { createLeases } from './leases.ts'
import { createOpen } from './open-attempt.ts'
import { createOperators } from './operators.ts'
import { createPauses } from './pauses.ts'
import { createStore, type Store } from './store.ts'
import { createWishes } from './wishes.ts'

/**
 * Does with messages what a re-trigger and the worker would do, in a savepoint that is undone whatever comes of it. The same functions as really do it, over a store of their own:
 * nobody is told that anything is due, and what they remember of lanes is forgotten with what they wrote. Where it throws, whoever began the transaction undoes it.
 */
export function createForesee(store: Store) {
  const { prepare, clock, names, dialect, refusalOf } = store
  const random = () => TOKEN
  const dry = createStore({ prepare, clock, names, dialect, refusalOf, random, dueNow() {} })
  const pauses = createPauses(dry, NO_AUDIT)
  const cancellations = createCancellations(dry)
  const caps = createCaps(dry)
  const counts = createBrakeCounts(dry)
  const held = createHeld(dry, pauses)
  const { retryKnown } = createOperators(dry, { cancellations, caps, audit: NO_AUDIT })
  const open = createOpen(dry, createLeases(dry, pauses), pauses, {
    cancellations,
    wishes: createWishes(dry),
    caps,
  })
  const begin = prepare('SAVEPOINT foresee')
  const back = prepare('ROLLBACK TO foresee')
  const release = prepare('RELEASE foresee')
  const lease = prepare(
    `UPDATE messages SET lease_owner = '${TOKEN}', lease_token = '${TOKEN}', lease_until = ? WHERE id = ? AND state = 'scheduled'`,
  )
  const inRun = prepare<{ run_id: number }>(
    `SELECT run_id FROM run_messages INDEXED BY run_messages_of JOIN runs ON runs.id = run_id
     WHERE message_id = ? AND run_messages.state = 'waiting' AND runs.state IN ('preparing', 'running') LIMIT 1`,
  )
  const channelOf = prepare<Pick<Message, 'channel'>>('SELECT channel FROM messages WHERE id = ?')

  function undone<T>(work: () => T): T {
    begin.run()
    try {
      const value = work()
      back.run()
      release.run()
      return value
    } finally {
      dry.lanes.forget()
    }
  }

  /** Why a message cannot be re-triggered; or as it is after that, and what it was. */
  function retried(
    id: number,
    { force, late, reason, alone = false }: ForeseeRequest,
  ): { message: Message; special: SpecialCode | null } | Foreseen {
    const other = alone ? undefined : inRun.get(id)
    if (other)
      return { id, outcome: 'refused', code: 'in-run', reason: `It waits in run ${other.run_id} already.` }
    const acted = retryKnown(id, {
      by: TOKEN,
      force,
      reason,
      ...(alone ? {} : { inRun: { late, attempts: null } }),
    })
    return acted.kind === 'done' ? acted : { id, outcome: 'refused', code: acted.code, reason: acted.reason }
  }

  /** As far as a claimed message goes: to the end of its channels, where the customer refuses one after the other. */
  function delivered(
    { id, ways }: Foreseeable,
    first: Message,
    opened: (message: Message) => void,
  ): Foreseen {
    let { channel } = first
    for (;;) {
      // What is paused is not claimed, so that nothing else becomes of it.
      const now = clock.now()
      const standing = pauses.standing(now).find((pause) => covers(pause, { ...first, channel }))
      if (standing) return { id, outcome: 'paused', code: standing.code, reason: standing.reason }
      const way = ways[channel] ?? { kind: 'draft', channel, mode: 'live' }
      if (way.kind === 'ends') return { id, outcome: way.state, code: way.code, reason: way.reason }
      lease.run(now + LEASE_MS, id)
      const answer = open({ messageId: id, owner: TOKEN, token: TOKEN }, draft(way))
      if (answer.kind === 'open' || (answer.kind === 'skipped' && answer.code === 'shadow')) opened(first)
      const next =
        answer.kind === 'deferred' && answer.code === 'next-channel' ? channelOf.get(id) : undefined
      if (next === undefined || next.channel === channel) return foreseenOf(id, answer)
      channel = next.channel
    }
  }

  return (asked: readonly Foreseeable[], request: ForeseeRequest): Foresight =>
    undone(() => {
      const now = clock.now()
      for (const { route, perMs, count } of request.before) counts.add(route, { perMs }, now, count)
      const opens = new Map<string, FirstOpens>()
      const opened = ({ route, attempts, policies: { brake } }: Message) => {
        if (attempts > 0 || brake === null) return
        const known = opens.get(`${brake.perMs} ${route}`)
        opens.set(`${brake.perMs} ${route}`, { route, perMs: brake.perMs, count: 1 + (known?.count ?? 0) })
      }
      // All are re-triggered before the first is sent, as a run does it, what a pause holds last: which of two with the same key is refused must not hang on what becomes of the other.
      const shut = held.shut(now)
      const last = asked.filter(({ id }) => held.isHeld(id, shut))
      const inOrder = [...asked.filter((one) => !last.includes(one)), ...last]
      const after = new Map(inOrder.map(({ id }) => [id, retried(id, request)]))
      const messages = asked.map((one): Foreseen => {
        const was = after.get(one.id)
        if (was === undefined) throw new Error('what was asked is not answered')
        if ('outcome' in was) return was
        const foreseen = delivered(one, was.message, opened)
        return foreseen.outcome === 'sent' ? { ...foreseen, code: was.special } : foreseen
      })
      return { messages, opens: [...opens.values()] }
    })
}

const NO_AUDIT: Audit = () => {}

/** No worker and no operator is called so. */
const TOKEN = 'foreseen'
const LEASE_MS = 60_000

/** What is said, and to whom, decides nothing here. */
function draft({ channel, mode }: Pick<AttemptDraft, 'channel' | 'mode'>): AttemptDraft {
  const rendered = { channel, text: '', templateVersion: '' }
  return { channel, mode, rendered, contactId: null, foundBy: null, address: null, session: null }
}

function foreseenOf(id: number, opened: Opened): Foreseen {
  switch (opened.kind) {
    case 'open':
      return { id, outcome: 'sent', code: null, reason: null }
    case 'paused':
    case 'braked':
      return { id, outcome: 'paused', code: opened.pause.code, reason: opened.pause.reason }
    case 'skipped':
    case 'deferred':
      return { id, outcome: opened.kind, code: opened.code, reason: opened.reason }
    case 'cancelled':
      return { id, outcome: 'cancelled', code: 'cancelled', reason: opened.reason }
    case 'lost':
      throw new Error('a lease that was just taken is lost')
  }
}
