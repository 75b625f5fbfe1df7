import { SingleBar } from 'cli-progress'
import { systemClock } from '../clock.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { RefusedFilter } from '../ledger/reads.ts'
import { recheck as recheckRefused } from '../ops/actions/refused.ts'
import { adviceFor } from '../ops/refused-advice.ts'
import { refusedJson } from '../ops/shapes/refused.ts'
import { isoTime } from '../ops/shapes/values.ts'
import type { Rechecked } from '../receive/recheck.ts'
import { configOf } from '../settings.ts'
import { localTime, print, printJson, printTable, type Terminal } from './output.ts'

/** Fewer are over before a bar is read. */
const BAR_FROM = 200

export async function listRefused(
  ledger: Ledger,
  filter: RefusedFilter,
  json: boolean,
  terminal: Terminal,
): Promise<void> {
  const deliveries = await ledger.reads.refusedDeliveries(filter)
  if (json) return printJson(terminal, deliveries.map(refusedJson))
  printTable(
    terminal,
    ['ID', 'RECEIVED', 'SOURCE', 'REASON', 'BYTES', 'BODY', 'TAKEN IN'],
    deliveries.map(({ id, receivedAt, source, reason, bytes, bodyKept, acceptedAt }) => [
      id,
      localTime(receivedAt),
      source,
      reason,
      bytes,
      bodyKept ? 'kept' : 'not kept',
      localTime(acceptedAt),
    ]),
    'No refused deliveries match. How many were refused, kept or not: npx postrider status',
  )
  const open = deliveries.filter(({ acceptedAt }) => acceptedAt === null)
  for (const [source, its] of Map.groupBy(open, (one) => one.source)) {
    const reasons = new Set(its.map(({ reason }) => reason))
    for (const reason of reasons) print(terminal, `${source}: ${reason}: ${adviceFor(source, reason)}`, 'dim')
    print(terminal, `${source}: when it is mended: npx postrider refused recheck --source ${source}`, 'dim')
  }
}

/** Takes in what was refused and proves authentic now; false where none of what was looked at does. */
export async function recheck(
  ledger: Ledger,
  variables: Variables,
  asked: { source: string; since?: number; until?: number; by: string },
  json: boolean,
  terminal: Terminal,
): Promise<boolean> {
  const config = configOf(readEnvironment(variables).POSTRIDER_CONFIG, variables)
  const { by, ...which } = asked
  const done = await withBar(terminal, (onDone) =>
    recheckRefused({ ledger, config, clock: systemClock }, { by }, which, onDone),
  )
  if (done.kind === 'missing') throw new PostriderError('NOT_FOUND', done.reason)
  const { rechecked } = done
  if (json) {
    const span = { since: isoTime(asked.since ?? null), until: isoTime(asked.until ?? null) }
    printJson(terminal, { source: asked.source, ...span, ...rechecked })
  } else show(asked.source, rechecked, terminal)
  return rechecked.deliveries === 0 || rechecked.accepted > 0
}

async function withBar<T>(
  { err }: Terminal,
  work: (onDone: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  const format = '{bar} {value}/{total} looked at, {eta} s left'
  const bar = err.isTTY ? new SingleBar({ stream: err, clearOnComplete: true, format }) : null
  try {
    return await work((done, total) => {
      if (total < BAR_FROM) return
      if (done === 0) bar?.start(total, 0)
      else bar?.update(done)
    })
  } finally {
    bar?.stop()
  }
}

function show(name: string, rechecked: Rechecked, terminal: Terminal): void {
  const { deliveries, accepted, acceptedBefore, withoutBody, refused, events, messages, expired } = rechecked
  const before = acceptedBefore === 0 ? '' : `; ${acceptedBefore} were taken in before`
  if (deliveries === 0) {
    print(terminal, `Nothing that was refused of ${name} is left to look at${before}.`)
    return
  }
  print(
    terminal,
    `${counted(deliveries, 'refused delivery', 'refused deliveries')} of ${name} looked at${before}.`,
  )
  if (accepted > 0) {
    const known = events.known === 0 ? '' : `, ${events.known} known already`
    print(
      terminal,
      `${accepted} authentic: ${counted(events.recorded, 'event', 'events')} recorded${known}; ${counted(messages, 'message', 'messages')} planned.`,
      'green',
    )
  }
  if (expired > 0) {
    print(
      terminal,
      `${expired} of the messages ${expired === 1 ? 'is' : 'are'} past expireAfter, which counts from the event’s own time: skipped, not sent. List: npx postrider messages list --reason expired`,
      'yellow',
    )
  }
  for (const state of ['unreadable', 'unplanned'] as const) {
    if (events[state] === 0) continue
    print(terminal, `! ${events[state]} ${state}: npx postrider events list --state ${state}`, 'red')
  }
  for (const [reason, count] of Object.entries(refused)) {
    print(
      terminal,
      `! ${count} refused still (${reason}): ${STILL[reason] ?? adviceFor(name, reason)}`,
      'red',
    )
  }
  if (withoutBody > 0) {
    print(
      terminal,
      `! ${withoutBody} with more than 64 KiB, whose bodies were not kept. How to have them sent again: npx postrider sources show ${name}`,
      'red',
    )
  }
}

/** What `adviceFor` has no words for. */
const STILL: Readonly<Record<string, string>> = {
  ping: 'it asks whether somebody is there, and holds nothing',
  fault: 'it could not be looked at; have it sent again',
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
