import { SingleBar } from 'cli-progress'
import { systemClock } from '../clock.ts'
import { PostriderError } from '../errors.ts'
import type { Ledger, Recordable } from '../ledger/ledger.ts'
import type { Terminal } from './output.ts'
import { type Campaign, planRecipient, type Recipient } from './send-campaign.ts'
import type { LeftOut } from './send-survey.ts'

export type RecordedCampaign = {
  planned: number
  /** Planned by an earlier run of the same campaign. */
  known: number
  /** The ledger refused their data. */
  setAside: readonly LeftOut[]
}

/** One commit each: few enough that the service beside it hardly waits, enough that a hundred thousand rows take seconds. */
const BATCH = 500
/** Fewer are over before a bar is read. */
const BAR_FROM = 1000
/** A campaign that is sent again within a year reaches nobody twice. */
const KEEP_KEY_MS = 365 * 24 * 3_600_000

/** Plans and records the recipients, batch by batch. Rejects with what the ledger says and how many were planned until then. */
export async function recordAll(
  recipients: readonly Recipient[],
  campaign: Campaign,
  ledger: Pick<Ledger, 'record'>,
  { err }: Terminal,
): Promise<RecordedCampaign> {
  const total = recipients.length
  const bar =
    err.isTTY && total >= BAR_FROM
      ? new SingleBar({
          stream: err,
          clearOnComplete: true,
          format: '{bar} {value}/{total} planned, {eta} s left',
        })
      : null
  let planned = 0
  let known = 0
  const setAside: LeftOut[] = []
  bar?.start(total, 0)
  try {
    for (let from = 0; from < total; from += BATCH) {
      const batch = recipients.slice(from, from + BATCH)
      // The time is that of the batch, not that of the question, which may have waited for its answer.
      const now = systemClock.now()
      const entries = batch.map(
        (recipient): Recordable => ({
          kind: 'event',
          ...planRecipient(recipient, campaign, now),
          keepKeyForMs: KEEP_KEY_MS,
        }),
      )
      for (const [at, recorded] of (await ledger.record(entries)).entries()) {
        if (recorded.kind === 'recorded') planned += 1
        else if (recorded.kind === 'known') known += 1
        else setAside.push({ line: batch[at]?.row.line ?? null, reason: recorded.reason })
      }
      bar?.increment(batch.length)
    }
  } catch (error) {
    if (!(error instanceof PostriderError)) throw error
    const before = `${planned} of ${total} were planned before; run the same command again, and nobody gets it twice.`
    throw new PostriderError(error.code, `${error.message} ${before}`, { cause: error })
  } finally {
    bar?.stop()
  }
  return { planned, known, setAside }
}
