import { SingleBar } from 'cli-progress'
import { systemClock } from '../clock.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { fileOf } from '../ledger/open.ts'
import type { Run, RunReport } from '../ledger/run.ts'
import { isOwned } from '../ledger/sqlite/ownership.ts'
import { chosenBy, stopRun as stop } from '../ops/actions/runs.ts'
import { runJson, runReportJson } from '../ops/shapes/run.ts'
import { LEDGER } from '../settings.ts'
import { localTime, print, printJson, printTable, type Terminal } from './output.ts'

/** Whether a service uses the ledger that commands would use. Of a file its lock tells; of a database, whether an instance was at work a moment ago. */
export async function serviceRuns(ledger: Pick<Ledger, 'reads'>, variables: Variables): Promise<boolean> {
  const file = fileOf(readEnvironment(variables).DATABASE_URL ?? LEDGER)
  return file === undefined ? (await ledger.reads.instances()).length > 0 : isOwned(file)
}

export async function listRuns(ledger: Ledger, limit: number, json: boolean, terminal: Terminal) {
  const runs = await ledger.reads.runs({ limit })
  if (json) return printJson(terminal, runs.map(runJson))
  printTable(
    terminal,
    ['ID', 'BEGUN', 'STATE', 'BY', 'MESSAGES', 'WAITING', 'RE-TRIGGERED', 'REFUSED', 'CHOSEN BY', 'REASON'],
    runs.map((run) => [
      run.id,
      localTime(run.createdAt),
      run.state,
      run.by,
      run.total,
      run.waiting,
      run.retried,
      run.refused,
      chosenBy(run, localTime),
      run.reason,
    ]),
    'No runs: messages retry with a filter begins one.',
  )
}

/** Shows a run. `watch`: first waits until it has ended, with a bar on a terminal. */
export async function showRun(
  ledger: Ledger,
  id: number,
  { watch, json }: { watch: boolean; json: boolean },
  variables: Variables,
  terminal: Terminal,
) {
  const run = watch ? await watched(ledger, id, variables, terminal) : await runOf(ledger, id)
  if (json) return printJson(terminal, runReportJson(run))
  const why = run.reason === null ? '' : `: ${run.reason}`
  const forced = `${run.force ? ', by force' : ''}${run.late ? ', late ones too' : ''}`
  print(terminal, `Run ${id}  ${run.state}  begun ${localTime(run.createdAt)} by ${run.by}${forced}${why}`)
  print(terminal, `chosen by ${chosenBy(run, localTime)}`)
  print(
    terminal,
    `${run.total} messages: ${run.waiting} wait, ${run.retried} re-triggered, ${run.refused} refused`,
  )
  const states = Object.entries(run.messages).filter(([, count]) => count > 0)
  if (states.length > 0) {
    print(
      terminal,
      `re-triggered, and now: ${states.map(([state, count]) => `${count} ${state}`).join(', ')}`,
    )
  }
  for (const { scope, name, reason } of run.waitsFor) {
    const what = scope === 'all' ? 'all sending is paused' : `${scope} ${name} is paused`
    print(terminal, `waits: ${what}: ${reason}`, 'yellow')
  }
  if (isWaiting(run) && !(await serviceRuns(ledger, variables))) print(terminal, NO_SERVICE, 'yellow')
  if (run.refusals.length === 0) return
  printTable(
    terminal,
    ['REFUSED', 'REASON'],
    run.refusals.map(({ messageId, reason }) => [messageId, reason]),
    '',
  )
}

export async function stopRun(ledger: Ledger, id: number, by: string, json: boolean, terminal: Terminal) {
  const stopped = await stop({ ledger }, { by }, { id })
  if (stopped.kind !== 'stopped') throw new PostriderError('REFUSED', stopped.reason)
  const { run } = stopped
  if (json) return printJson(terminal, runJson(run))
  print(terminal, `Run ${id} is stopped: ${run.waiting} of ${run.total} messages are left as they were.`)
}

const NO_SERVICE = 'No service runs with this ledger: it goes on when one is started.'
const ASK_MS = 1_000

const isWaiting = ({ state }: Pick<Run, 'state'>) => state === 'preparing' || state === 'running'

async function watched(
  ledger: Ledger,
  id: number,
  variables: Variables,
  { err }: Terminal,
): Promise<RunReport> {
  let run = await runOf(ledger, id)
  const format = '{bar} {value}/{total}: {retried} re-triggered, {sent} sent, {refused} refused'
  const bar = err.isTTY ? new SingleBar({ stream: err, clearOnComplete: true, format }) : null
  bar?.start(run.total, 0)
  try {
    // Without a service it would be waited for for ever.
    while (isWaiting(run) && (await serviceRuns(ledger, variables))) {
      const { retried, refused, messages } = run
      bar?.update(retried + refused, { retried, refused, sent: messages.sent })
      await systemClock.sleep(ASK_MS)
      run = await runOf(ledger, id)
    }
  } finally {
    bar?.stop()
  }
  return run
}

async function runOf(ledger: Ledger, id: number): Promise<RunReport> {
  const run = await ledger.reads.run(id)
  if (!run) throw new PostriderError('NOT_FOUND', `There is no run ${id}. List them: postrider runs list`)
  return run
}
