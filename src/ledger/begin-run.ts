import type { RunActed, RunRequest } from './run.ts'
import type { Writer } from './writer.ts'

/** Messages that are written down in one transaction: some milliseconds, so that nobody waits for a run of a hundred thousand. */
const CHUNK = 2_000

/** Writes a run down, transaction by transaction; it runs when the last of them is on disk, or not at all. */
export async function beginRun(
  call: Writer['call'],
  { messageIds, attempts, ...run }: RunRequest,
): Promise<RunActed> {
  if (run.force && !run.reason?.trim()) {
    return { kind: 'refused', reason: 'Sending messages once more that were sent needs a reason.' }
  }
  const id = await call('prepareRun', run)
  for (let from = 0; from < messageIds.length; from += CHUNK) {
    const to = from + CHUNK
    await call('fillRun', id, messageIds.slice(from, to), attempts?.slice(from, to) ?? null)
  }
  return call('startRun', id)
}
