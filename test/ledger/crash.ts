import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { sqliteHarness } from './sqlite-harness.ts'

const SERVICE = new URL('./crash-process.ts', import.meta.url).pathname

/** Lets the service run until it said so many things, kills it, and answers all that it said: the last word about each message. */
async function runAndKill(file: string, things: number): Promise<Map<number, string>> {
  const child = spawn(process.execPath, [SERVICE, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const said = new Map<number, string>()
  let count = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const [what = '', id = ''] = line.split(' ')
    said.set(Number(id), what)
    count += 1
    if (count === things) child.kill('SIGKILL')
  }
  await exited
  return said
}

/**
 * Registers the test: a service on a ledger, killed after so many things that it said, once for each of `counts`; what it said must be in the ledger, and
 * nothing may be left as being sent.
 */
export function killLedgerAfter(counts: readonly number[]): void {
  test('killed at any moment, the ledger holds what it acknowledged and knows what was on its way', async () => {
    const harness = await sqliteHarness()
    try {
      for (const things of counts) {
        const said = await runAndKill(harness.file, things)
        const ledger = await harness.open()
        for (const [id, what] of said) {
          const message = await ledger.reads.message(id)
          assert.ok(message, `message ${id} was acknowledged`)
          if (what === 'sent') assert.equal(message.state, 'sent')
          else assert.notEqual(message.state, 'sending')
          if (what === 'opened') assert.match(message.state, /^(unconfirmed|sent)$/)
          const open = (await ledger.reads.attempts(id)).filter(({ outcome }) => outcome === 'open')
          assert.deepEqual(open, [])
        }
        await ledger.close()
      }
    } finally {
      await harness.dispose()
    }
  })
}
