import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { sqliteHarness } from './sqlite-harness.ts'

const OWNER = new URL('./owner-process.ts', import.meta.url).pathname

/** Starts another service of the ledger; resolves when it owns it. */
async function startOwner(file: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [OWNER, file], { stdio: ['pipe', 'pipe', 'inherit'] })
  assert.ok(child.stdout)
  const [said] = await once(child.stdout, 'data')
  assert.equal(String(said).trim(), 'owned')
  return child
}

test('a second owner is refused while the first lives, in any process', async () => {
  const harness = await sqliteHarness()
  try {
    const child = await startOwner(harness.file)
    await assert.rejects(harness.open(), {
      code: 'LEDGER_IN_USE',
      message: /Another Postrider service uses the ledger .*ledger\.db\. Stop it/,
    })
    const command = await harness.open({ owner: false })
    await command.ping()
    // Opening and closing beside it must not take its lock away.
    await command.close()
    await assert.rejects(harness.open(), { code: 'LEDGER_IN_USE' })

    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    const ledger = await harness.open()
    await assert.rejects(harness.open(), { code: 'LEDGER_IN_USE' })
    await ledger.close()
    await (await harness.open()).close()
  } finally {
    await harness.dispose()
  }
})

test('an owner that ends by itself gives it up', async () => {
  const harness = await sqliteHarness()
  try {
    const child = await startOwner(harness.file)
    const exited = once(child, 'exit')
    child.stdin?.end()
    await exited
    await harness.open()
  } finally {
    await harness.dispose()
  }
})
