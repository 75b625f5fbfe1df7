import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Ledger, Opened, Plan } from '../../../src/ledger/ledger.ts'
import type { Channel } from '../../../src/message.ts'
import type { Harness } from '../contract.ts'
import {
  claimLook,
  claimOne,
  draft,
  entry,
  failed,
  HOUR,
  happens,
  messageWith,
  onLedger,
  openOne,
  plan,
  SENT,
  schedule,
} from './build.ts'

const MAIL = 'email:ann@example.com'
const PHONE = 'phone:+13175550100'
const ID = 'externalId:crm:C-1'
const ASKED = { channels: null, reason: 'She asked.', by: 'ann' }

function codeOf(answer: Opened): string {
  return 'code' in answer ? `${answer.kind} ${answer.code}` : answer.kind
}

export function wishes(fresh: () => Promise<Harness>): void {
  const on = onLedger(fresh)

  /** What the last look says of a message to these names, over a channel. */
  async function look(
    ledger: Ledger,
    harness: Harness,
    names: readonly string[],
    {
      channel = 'email',
      ...message
    }: { channel?: Channel } & NonNullable<Parameters<typeof schedule>[2]> = {},
  ): Promise<string> {
    await schedule(ledger, harness, { names, ...message })
    const answer = await ledger.open((await claimOne(ledger)).lease, draft({ channel }))
    if (answer.kind === 'open') await ledger.settle(answer.attempt.id, SENT)
    return codeOf(answer)
  }

  const says = (ledger: Ledger, harness: Harness, said: Partial<Plan>, occurredAt = harness.clock.now()) =>
    happens(ledger, harness, { said: { names: [MAIL], ...said }, occurredAt })

  describe('suppress', () => {
    on('stops what is for any of the names, over every channel, and says why', async (ledger, harness) => {
      assert.equal(await ledger.suppress([MAIL, ID], ASKED), 2)
      assert.equal(await look(ledger, harness, [MAIL]), 'skipped suppressed')
      assert.equal(await look(ledger, harness, [PHONE, ID], { channel: 'sms' }), 'skipped suppressed')
      assert.equal(await look(ledger, harness, [PHONE]), 'open')
      const [, , first] = await ledger.reads.messages({ limit: 3 })
      assert.match(first?.reason ?? '', /2026-11-23 09:00 UTC: She asked\. .*postrider suppress remove/)
    })

    on('over some channels leaves the others', async (ledger, harness) => {
      assert.equal(await ledger.suppress([MAIL], { ...ASKED, channels: ['sms', 'email'] }), 2)
      assert.equal(await look(ledger, harness, [MAIL], { channel: 'email' }), 'skipped suppressed')
      assert.equal(await look(ledger, harness, [MAIL], { channel: 'webmessaging' }), 'open')
    })

    on(
      'the next channel goes that is not refused and that the event has an address for',
      async (ledger, harness) => {
        await ledger.suppress([MAIL], { ...ASKED, channels: ['webmessaging', 'sms'] })
        const channels: Channel[] = ['webmessaging', 'sms', 'whatsapp', 'email']
        const customer = { externalId: 'c-1', email: 'ann@example.com' }
        const id = await schedule(ledger, harness, { names: [MAIL], customer, policies: { channels } })
        const dueAt = harness.clock.now()
        harness.clock.advance(HOUR)
        const first = await claimOne(ledger)
        const answer = await ledger.open(first.lease, draft({ channel: 'webmessaging' }))
        assert.equal(codeOf(answer), 'deferred next-channel')
        const again = await claimOne(ledger)
        assert.deepEqual([again.message.id, again.message.channel, again.message.dueAt], [id, 'email', dueAt])
        assert.match(again.message.reason ?? '', /over webmessaging .*She asked/)
        const opened = await ledger.open(again.lease, draft({ channel: 'email' }))
        assert.ok(opened.kind === 'open')
        await ledger.settle(opened.attempt.id, SENT)
        const other = { names: [MAIL], customer, policies: { channels: ['webmessaging', 'sms'] as const } }
        assert.equal(
          await look(ledger, harness, [MAIL], { channel: 'webmessaging', ...other }),
          'skipped suppressed',
        )
      },
    )

    on('an external id counts within its own source', async (ledger, harness) => {
      await ledger.suppress([ID], ASKED)
      assert.equal(await look(ledger, harness, ['externalId:shop:C-1']), 'open')
    })

    on('added while a message is claimed stops it at the last look', async (ledger, harness) => {
      await schedule(ledger, harness, { names: [MAIL] })
      const { lease } = await claimOne(ledger)
      await ledger.suppress([MAIL], ASKED)
      assert.equal(codeOf(await ledger.open(lease, draft())), 'skipped suppressed')
    })

    on('twice is once, and keeps its reason and its time', async (ledger, harness) => {
      const since = harness.clock.now()
      await ledger.suppress([MAIL], ASKED)
      harness.clock.advance(HOUR)
      assert.equal(await ledger.suppress([MAIL, PHONE], { ...ASKED, reason: 'Again.' }), 1)
      const [mail] = await ledger.reads.suppressed([MAIL])
      assert.deepEqual([mail?.reason, mail?.since], ['She asked.', since])
    })

    on('allow takes it back, over one channel or all', async (ledger, harness) => {
      await ledger.suppress([MAIL], ASKED)
      await ledger.suppress([MAIL], { ...ASKED, channels: ['sms'] })
      assert.equal(await ledger.allow([MAIL, PHONE], 'sms', 'ann'), 1)
      assert.equal(await ledger.allow([MAIL], 'sms', 'ann'), 0)
      assert.equal(await look(ledger, harness, [MAIL], { channel: 'sms' }), 'skipped suppressed')
      assert.equal(await ledger.allow([MAIL], null, 'ann'), 1)
      assert.equal(await look(ledger, harness, [MAIL], { channel: 'sms' }), 'open')
      assert.equal(await ledger.suppress([MAIL], ASKED), 1, 'and it may be refused anew')
      assert.equal(await look(ledger, harness, [MAIL]), 'skipped suppressed')
    })

    on('what operators read of it names nobody', async (ledger, harness) => {
      await ledger.suppress([MAIL], { ...ASKED, channels: ['sms'] })
      harness.clock.advance(HOUR)
      await ledger.suppress([PHONE, 'other:1'], ASKED)
      await ledger.allow([PHONE], null, 'ann')
      const all = await ledger.reads.suppressions({ limit: 10 })
      assert.deepEqual(
        all.map(({ kind, channel, by, reason }) => [kind, channel, by, reason]),
        [
          ['', null, 'ann', 'She asked.'],
          ['email', 'sms', 'ann', 'She asked.'],
        ],
      )
      assert.match(all[1]?.hash ?? '', /^[0-9a-f]{8}$/)
      assert.doesNotMatch(JSON.stringify(all), /example\.com|317555/)
      assert.deepEqual(await ledger.reads.suppressions({ limit: 1 }), all.slice(0, 1))
      assert.deepEqual(await ledger.reads.suppressed([MAIL, PHONE]), all.slice(1))
      assert.deepEqual(await ledger.reads.suppressed([]), [])
    })

    on('is read by pages, each refusal once', async (ledger, harness) => {
      const names = Array.from({ length: 7 }, (_, n) => `email:${n}@example.com`)
      await ledger.suppress(names, ASKED)
      // One name at one time over several channels.
      harness.clock.advance(1)
      await ledger.suppress(['phone:+4930'], { ...ASKED, channels: ['sms', 'whatsapp', 'email'] })
      const all = await ledger.reads.suppressions({ limit: 99 })
      assert.equal(all.length, 10)
      for (const limit of [1, 2, 3, 5, 10, 11]) {
        const found: unknown[] = []
        let page = await ledger.reads.suppressionPage({ limit })
        for (;;) {
          found.push(...page.items)
          if (page.next === null) break
          assert.equal(page.items.length, limit)
          page = await ledger.reads.suppressionPage({ limit, before: page.next })
        }
        assert.deepEqual(found, all, `${limit} at a time`)
      }
    })

    on('an event says it too, for its customer and its channels', async (ledger, harness) => {
      const { eventId } = await says(ledger, harness, { suppress: { channels: ['email'] } })
      assert.equal(await look(ledger, harness, [MAIL]), 'skipped suppressed')
      assert.equal(await look(ledger, harness, [MAIL], { channel: 'sms' }), 'open')
      const [one] = await ledger.reads.suppressed([MAIL])
      assert.deepEqual([one?.by, one?.reason], ['suppressOn', `event ${eventId} (crm/ticket.resolved)`])
    })

    on('planned again, an event does not undo what an operator allowed since', async (ledger, harness) => {
      const said = { names: [MAIL], suppress: { channels: null } }
      const { eventId } = await says(ledger, harness, said)
      harness.clock.advance(1000)
      await ledger.allow([MAIL], null, 'ann')
      await ledger.addPlan(eventId, plan([], said))
      assert.equal(await look(ledger, harness, [MAIL]), 'open')
      await says(ledger, harness, said)
      assert.equal(await look(ledger, harness, [MAIL]), 'skipped suppressed')
    })

    for (const [when, settled] of [
      ['refuses a send', { ...failed(null), optedOut: true }],
      ['refuses it, and the next channel is tried', { ...failed(0), optedOut: true }],
    ] as const) {
      on(`Genesys adds to it when it ${when}: that channel, every name`, async (ledger, harness) => {
        await schedule(ledger, harness, { names: [MAIL, PHONE] })
        const attempt = await openOne(ledger, { channel: 'sms' })
        await ledger.settle(attempt.id, settled)
        const all = await ledger.reads.suppressions({ limit: 5 })
        assert.deepEqual(all.map(({ kind, channel, by }) => `${kind} ${channel} ${by}`).sort(), [
          'email sms genesys',
          'phone sms genesys',
        ])
      })
    }

    on('and when it says so of a delivery', async (ledger, harness) => {
      await schedule(ledger, harness, { names: [PHONE] })
      await ledger.settle((await openOne(ledger, { channel: 'sms' })).id, { ...SENT, lookInMs: 0 })
      const { lease } = await claimLook(ledger, 'sent')
      const result = { delivery: 'failed', reason: 'RecipientOptedOut', againInMs: null } as const
      assert.equal(await ledger.settleDelivery(lease, { ...result, optedOut: true }), true)
      assert.equal(await look(ledger, harness, [PHONE], { channel: 'sms' }), 'skipped suppressed')
      assert.equal(await ledger.settleDelivery(lease, { ...result, optedOut: true }), false)
    })
  })

  describe('consent to marketing', () => {
    const marketing = (consent?: string) => ({
      policies: { purpose: 'marketing' as const },
      customer: { email: 'ann@example.com', ...(consent === undefined ? {} : { consent }) },
    })

    on('without any word there is none; service asks for none', async (ledger, harness) => {
      const id = await schedule(ledger, harness, { names: [MAIL], ...marketing() })
      const answer = await ledger.open((await claimOne(ledger)).lease, draft())
      assert.equal(codeOf(answer), 'skipped no-consent')
      assert.match((await messageWith(ledger, id)).reason ?? '', /No marketing consent/)
      assert.equal(await look(ledger, harness, [MAIL]), 'open')
    })

    on('the event’s own yes is enough, its own no is a no', async (ledger, harness) => {
      assert.equal(await look(ledger, harness, [MAIL], marketing('yes')), 'open')
      assert.equal(await look(ledger, harness, [MAIL], marketing('no')), 'skipped no-consent')
      assert.equal(await look(ledger, harness, [MAIL], marketing('perhaps')), 'skipped no-consent')
    })

    on('the newest word of any name counts, whenever it is heard', async (ledger, harness) => {
      const now = harness.clock.now()
      await says(ledger, harness, { consent: true }, now - 1000)
      assert.equal(await look(ledger, harness, [MAIL, PHONE], marketing()), 'open')
      await says(ledger, harness, { names: [PHONE], consent: false }, now - 500)
      assert.equal(await look(ledger, harness, [MAIL, PHONE], marketing()), 'skipped no-consent')
      assert.equal(await look(ledger, harness, [MAIL], marketing()), 'open')
      await says(ledger, harness, { names: [PHONE], consent: true }, now - 600)
      assert.equal(await look(ledger, harness, [PHONE], marketing()), 'skipped no-consent')
      await says(ledger, harness, { names: [PHONE], consent: true }, now - 400)
      assert.equal(await look(ledger, harness, [PHONE], marketing()), 'open')
    })

    on('of two words at once the no counts, whichever comes first', async (ledger, harness) => {
      await says(ledger, harness, { consent: true })
      await says(ledger, harness, { consent: false })
      await says(ledger, harness, { consent: true })
      assert.equal(await look(ledger, harness, [MAIL], marketing()), 'skipped no-consent')
      assert.equal(await look(ledger, harness, [MAIL], marketing('yes')), 'skipped no-consent')
    })

    on('a withdrawal beats the yes of a message that was planned before', async (ledger, harness) => {
      await schedule(ledger, harness, { names: [MAIL], ...marketing('yes') })
      const { lease } = await claimOne(ledger)
      harness.clock.advance(1)
      await says(ledger, harness, { consent: false })
      assert.equal(codeOf(await ledger.open(lease, draft())), 'skipped no-consent')
    })

    on('a sender’s clock that is ahead does not outlast what is said later', async (ledger, harness) => {
      const { clock } = harness
      await says(ledger, harness, { consent: true }, clock.now() + HOUR)
      clock.advance(1)
      await says(ledger, harness, { consent: false })
      assert.equal(await look(ledger, harness, [MAIL], marketing()), 'skipped no-consent')
    })

    on('a replayed event gives none, and takes it all the same', async (ledger, harness) => {
      const { clock } = harness
      const raw = Buffer.from('{"the":"same"}')
      const unsigned = (key: string, type: string, said: Partial<Plan>) =>
        entry(clock.now(), key, [], { raw, keyIsUnsigned: true, type, said: { names: [MAIL], ...said } })
      await ledger.record([unsigned('a', 'one', {})])
      const [yes] = await ledger.record([unsigned('b', 'two', { consent: true })])
      assert.equal(yes?.kind, 'replayed')
      assert.equal(await look(ledger, harness, [MAIL], marketing()), 'skipped no-consent')
      const [no] = await ledger.record([unsigned('c', 'three', { suppress: { channels: null } })])
      assert.equal(no?.kind, 'replayed')
      assert.equal(await look(ledger, harness, [MAIL]), 'skipped suppressed')
    })
  })
}
