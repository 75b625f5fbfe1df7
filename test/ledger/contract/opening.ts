import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import type { Harness } from '../contract.ts'
import { claimAll, claimOne, draft, failed, HOUR, messageWith, onLedger, openOne, schedule } from './build.ts'

export function opening(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  describe('open', () => {
    on('commits the attempt and the state before the request leaves', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      const session = { conversationId: 'conv-0', startedAt: harness.clock.now() - HOUR }
      const attempt = await openOne(ledger, {
        channel: 'email',
        contactId: null,
        foundBy: null,
        address: 'ann@example.com',
        session,
      })
      assert.deepEqual(await ledger.reads.attempts(id), [attempt])
      assert.deepEqual(attempt, {
        id: attempt.id,
        messageId: id,
        number: 1,
        channel: 'email',
        outcome: 'open',
        by: null,
        openedAt: harness.clock.now(),
        settledAt: null,
        status: null,
        code: null,
        reason: null,
        correlationId: null,
        conversationId: null,
        genesysMessageId: null,
        contactId: null,
        address: 'ann@example.com',
        rendered: draft().rendered,
      })
      const message = await messageWith(ledger, id)
      assert.deepEqual([message.state, message.attempts, message.channel], ['sending', 1, 'email'])
      assert.deepEqual(message.session, session)
    })

    on('once only', async (ledger, harness) => {
      await schedule(ledger, harness)
      const { lease } = await claimOne(ledger)
      const opened = await Promise.all([ledger.open(lease, draft()), ledger.open(lease, draft())])
      assert.deepEqual(opened.map(({ kind }) => kind).sort(), ['lost', 'open'])
    })

    on('not after an operator cancelled it', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      const { lease } = await claimOne(ledger)
      await ledger.cancel(id, { by: 'ann', reason: null })
      assert.deepEqual(await ledger.open(lease, draft()), { kind: 'lost' })
    })

    on('skips what is too late, and says how late', async (ledger, harness) => {
      const id = await schedule(ledger, harness, { expireAt: harness.clock.now() })
      const { lease } = await claimOne(ledger)
      harness.clock.advance((3 * 60_000) / 6)
      await ledger.renew(lease, HOUR * 3)
      harness.clock.advance(2 * HOUR)
      const opened = await ledger.open(lease, draft())
      assert.ok(opened.kind === 'skipped' && opened.code === 'expired')
      assert.match(opened.reason, /2 hours after/)
      const message = await messageWith(ledger, id)
      assert.deepEqual([message.state, message.code, message.attempts], ['skipped', 'expired', 0])
      assert.equal(message.reason, opened.reason)
    })

    on('at its last moment it is not too late', async (ledger, harness) => {
      await schedule(ledger, harness, { expireAt: harness.clock.now() })
      await openOne(ledger)
    })

    on('a pause that began after the claim stops it', async (ledger, harness) => {
      const id = await schedule(ledger, harness)
      const { lease } = await claimOne(ledger)
      const pause = await ledger.pause({
        scope: 'route',
        name: 'greet',
        code: 'operator',
        reason: 'Stop.',
        forMs: null,
        probes: 0,
        by: 'ann',
      })
      assert.deepEqual(await ledger.open(lease, draft()), { kind: 'paused', pause })
      assert.deepEqual(await claimAll(ledger), [])
      await ledger.resume(pause.id, 'ann')
      assert.equal((await claimOne(ledger)).message.id, id)
    })

    on(
      'a pause of the channel that is used now stops it, and it is not claimed over and over',
      async (ledger, harness) => {
        await schedule(ledger, harness)
        const { lease } = await claimOne(ledger)
        await ledger.pause({
          scope: 'channel',
          name: 'email',
          code: 'operator',
          reason: 'Stop.',
          forMs: null,
          probes: 0,
          by: 'ann',
        })
        assert.equal((await ledger.open(lease, draft({ channel: 'email' }))).kind, 'paused')
        assert.deepEqual(await claimAll(ledger), [])
      },
    )

    for (const [whose, message, mode] of [
      ['the message', { policies: { mode: 'shadow' } }, 'live'],
      ['the route', {}, 'shadow'],
    ] as const) {
      on(`shadow of ${whose}: says what would have been sent`, async (ledger, harness) => {
        const id = await schedule(ledger, harness, message)
        const { lease } = await claimOne(ledger)
        const session = { conversationId: 'conv-0', startedAt: 5 }
        const opened = await ledger.open(lease, draft({ mode, session }))
        assert.ok(opened.kind === 'skipped' && opened.code === 'shadow')
        const skipped = await messageWith(ledger, id)
        assert.deepEqual([skipped.state, skipped.code, skipped.attempts], ['skipped', 'shadow', 0])
        assert.deepEqual(skipped.wouldSend, draft().rendered)
        assert.equal(skipped.contactId, 'contact-1')
        assert.deepEqual(skipped.session, session)
        assert.deepEqual(await ledger.reads.attempts(id), [])
      })
    }
  })

  describe('brake', () => {
    const braked = { policies: { brake: { messages: 3, perMs: HOUR } } }

    async function openMany(ledger: Ledger): Promise<string[]> {
      const kinds: string[] = []
      for (const { lease } of await claimAll(ledger, 100))
        kinds.push((await ledger.open(lease, draft())).kind)
      return kinds
    }

    on('pauses the route at the message that exceeds it, and keeps the rest', async (ledger, harness) => {
      for (let count = 0; count < 5; count += 1) await schedule(ledger, harness, braked)
      await schedule(ledger, harness, { ...braked, route: 'other' })
      assert.deepEqual(await openMany(ledger), ['open', 'open', 'open', 'braked', 'paused', 'open'])
      const [pause] = await ledger.pauses()
      assert.deepEqual(
        [pause?.scope, pause?.name, pause?.code, pause?.until],
        ['route', 'greet', 'brake', null],
      )
      assert.match(pause?.reason ?? '', /3 messages .*1 hour.*postrider resume route greet/)
      assert.deepEqual(await openMany(ledger), [])
    })

    on('counts anew when an operator resumes', async (ledger, harness) => {
      for (let count = 0; count < 5; count += 1) await schedule(ledger, harness, braked)
      await openMany(ledger)
      const [pause] = await ledger.pauses()
      assert.equal(await ledger.resume(pause?.id ?? 0, 'ann'), true)
      assert.deepEqual(await openMany(ledger), ['open', 'open'])
    })

    on('looks at the window only', async (ledger, harness) => {
      for (let count = 0; count < 3; count += 1) await schedule(ledger, harness, braked)
      assert.deepEqual(await openMany(ledger), ['open', 'open', 'open'])
      harness.clock.advance(HOUR - 1)
      await schedule(ledger, harness, braked)
      assert.deepEqual(await openMany(ledger), ['braked'])
      const [pause] = await ledger.pauses()
      harness.clock.advance(HOUR)
      await ledger.resume(pause?.id ?? 0, 'ann')
      assert.deepEqual(await openMany(ledger), ['open'])
    })

    on('frees itself as time passes', async (ledger, harness) => {
      for (let count = 0; count < 3; count += 1) await schedule(ledger, harness, braked)
      await openMany(ledger)
      harness.clock.advance(HOUR + HOUR / 60 + 1)
      for (let count = 0; count < 3; count += 1) await schedule(ledger, harness, braked)
      assert.deepEqual(await openMany(ledger), ['open', 'open', 'open'])
    })

    on('counts a message once, however often it is tried', async (ledger, harness) => {
      await schedule(ledger, harness, { policies: { brake: { messages: 1, perMs: HOUR } } })
      for (let tries = 0; tries < 4; tries += 1) await ledger.settle((await openOne(ledger)).id, failed(0))
    })
  })
}
