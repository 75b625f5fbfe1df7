import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { command, jsonOf } from './run.ts'
import { type MessageJson, withDemoService } from './service.ts'

type Outcome = {
  outcome: string
  code: string | null
  count: number
  examples: number[]
  reason: string | null
}
type RunJson = {
  id: number
  state: string
  total: number
  retried: number
  refused: number
  by: string
  reason: string
}
type Planned = { messages: number; outcomes: Outcome[]; run: RunJson | null }

describe('re-triggering many', () => {
  const { run, list, one, events, folder, demo } = withDemoService()
  const said = (planned: Planned) =>
    planned.outcomes.map(({ outcome, code, count }) => [outcome, code, count])
  const ended = async (id: number) => {
    for (;;) {
      const shown = jsonOf<RunJson & { messages: Record<string, number> }>(
        await run('runs', 'show', String(id), '--json'),
      )
      if (shown.state !== 'running') return shown
      await systemClock.sleep(20)
    }
  }

  it('--plan shows what would become of all, and changes nothing', async () => {
    const before = await list()
    const json = jsonOf<Planned>(await run('messages', 'retry', '--since', '1h', '--plan', '--json'))
    assert.equal(json.messages, before.length)
    assert.equal(json.run, null)
    const sent = before.filter(({ state }) => state === 'sent').length
    assert.ok(json.outcomes.some(({ code, count }) => code === 'sent-before' && count === sent))
    const words = await run('messages', 'retry', '--since', '1h', '--plan')
    assert.equal(words.code, 0, words.err)
    assert.match(words.out, new RegExp(`^Of ${before.length} messages: .*${sent} were sent already`))
    assert.match(words.out, /OUTCOME +CODE +MESSAGES +SUCH AS +REASON/)
    assert.deepEqual(await list(), before)
    assert.equal((await run('runs', 'list')).out, 'No runs: messages retry with a filter begins one.\n')
  })

  it('--plan of one message', async () => {
    const { id } = await one('order-placed')
    const json = jsonOf<Planned>(await run('messages', 'retry', String(id), '--plan', '--json'))
    assert.deepEqual(said(json), [['refused', 'sent-before', 1]])
    const forced = await run(
      'messages',
      'retry',
      String(id),
      '--plan',
      '--force',
      '--reason',
      'lost',
      '--json',
    )
    assert.deepEqual(said(jsonOf<Planned>(forced)), [['sent', 'sent-before', 1]])
  })

  it('nobody can be asked: nothing is re-triggered, 2; with --yes the service does it', async () => {
    const { code, err } = await run('messages', 'retry', '--state', 'failed')
    assert.equal(code, 2)
    assert.match(err, /add --yes.*Nothing was re-triggered/)
    const failed = await list('--state', 'failed')
    assert.ok(failed.length > 0)
    const words = ['--state', 'failed', '--because', 'mended', '--by', 'ada', '--yes']
    const begun = jsonOf<Planned>(await run('messages', 'retry', ...words, '--json'))
    assert.deepEqual([begun.run?.total, begun.run?.by, begun.run?.reason], [failed.length, 'ada', 'mended'])
    const done = await ended(begun.run?.id ?? 0)
    assert.deepEqual([done.state, done.retried, done.refused], ['done', failed.length, 0])
    await demo().settled()
    // Whoever is no contact still is none.
    assert.equal((await list('--state', 'failed')).length, failed.length)
    const message = jsonOf<MessageJson>(await run('messages', 'show', String(failed[0]?.id), '--json'))
    assert.equal(message.manualBy, 'ada')
    const shown = await run('runs', 'show', String(begun.run?.id), '--watch')
    assert.match(shown.out, /^Run \d+ {2}done .* by ada: mended$/m)
    assert.match(shown.out, /^chosen by state failed$/m)
    assert.match((await run('runs', 'list')).out, /done +ada +\d+ +0 /)
  })

  it('what was sent goes once more by force and with a reason alone', async () => {
    const sent = await list('--state', 'sent', '--route', 'order-placed')
    const filter = ['--state', 'sent', '--route', 'order-placed', '--yes']
    const refused = await run('messages', 'retry', ...filter)
    assert.equal(refused.code, 1)
    assert.match(refused.out, /were sent already/)
    assert.match(refused.err, /nothing to re-trigger/)
    const without = await run('messages', 'retry', ...filter, '--force')
    assert.equal(without.code, 2)
    assert.match(without.err, /--because/)
    const forced = await run('messages', 'retry', ...filter, '--force', '--because', 'lost')
    assert.equal(forced.code, 0, forced.err)
    const [, id] = /^Run (\d+) has begun with \d+ messages?\. The running service/m.exec(forced.out) ?? []
    const done = await ended(Number(id))
    assert.equal(done.retried, sent.length)
    await demo().settled()
    assert.deepEqual(
      (await list('--state', 'sent', '--route', 'order-placed')).map(({ attempts }) => attempts),
      sent.map(({ attempts }) => Number(attempts) + 1),
    )
  })

  it('a customer’s identifiers choose, and are not kept', async () => {
    const { customer } = (await one('order-placed')) as MessageJson & { customer: { email: string } }
    const words = ['--email', customer.email, '--force', '--because', 'lost', '--yes', '--json']
    const { run: begun } = jsonOf<Planned>(await run('messages', 'retry', ...words))
    const shown = await run('runs', 'show', String(begun?.id), '--json')
    assert.deepEqual(jsonOf<{ filter: unknown }>(shown).filter, { customer: ['email'] })
    assert.doesNotMatch(shown.out, new RegExp(customer.email))
    await ended(begun?.id ?? 0)
  })

  it('stop: of a run that has ended there is nothing to stop', async () => {
    const stopped = await run('runs', 'stop', '1')
    assert.equal(stopped.code, 1)
    assert.match(stopped.err, /Run 1 is done already/)
    for (const args of [
      ['show', '4711'],
      ['stop', '4711'],
    ]) {
      const { code, err } = await run('runs', ...args)
      assert.equal(code, 1)
      assert.match(err, /no run 4711/)
    }
  })

  it('replan takes a filter: what is unreadable stays so and says why', async () => {
    const unreadable = await events('--state', 'unreadable')
    const words = ['events', 'replan', '--state', 'unreadable', '--source', 'crm']
    const asked = await run(...words)
    assert.equal(asked.code, 2)
    assert.match(asked.err, /add --yes/)
    const said = await run(...words, '--yes')
    assert.equal(said.code, 1)
    assert.match(said.out, new RegExp(`^${unreadable.length} events planned again: 0 messages added`))
    const json = jsonOf<{ id: number; state: string; added: number }[]>(
      await run('events', 'replan', '--state', 'planned', '--yes', '--json'),
    )
    assert.deepEqual(
      json.map(({ id, state, added }) => [id, state, added]),
      (await events('--state', 'planned')).map(({ id }) => [id, 'planned', 0]).reverse(),
    )
  })

  const usage: readonly (readonly string[])[] = [
    ['messages', 'retry'],
    ['messages', 'retry', '--limit', '3'],
    ['messages', 'retry', '1', '--state', 'failed'],
    ['messages', 'retry', '--state', 'FAILED'],
    ['messages', 'retry', '--since', '1h', '--until', '2h'],
    ['events', 'replan', '1', '--state', 'unreadable'],
    ['events', 'replan', '--yes'],
    ['runs', 'show'],
    ['runs', 'stop', 'x'],
  ]
  for (const args of usage) {
    it(`${args.join(' ')}: the words are off, 2`, async () => {
      const { code, out, err } = await run(...args)
      assert.deepEqual([code, out], [2, ''])
      assert.notEqual(err, '')
    })
  }

  // The service is stopped by this one, and comes last.
  it('without a service a run waits for one, and can be stopped', async () => {
    await demo().service.stop()
    const words = ['messages', 'retry', '--state', 'failed', '--yes']
    const begun = await command(words, demo().variables)
    assert.match(begun.out, /No service runs with this ledger: it begins when one is started\./)
    const [, id = ''] = /^Run (\d+)/m.exec(begun.out) ?? []
    const shown = await run('runs', 'show', id, '--watch')
    assert.match(shown.out, /running.*\n[\s\S]*No service runs with this ledger/)
    const stopped = await run('runs', 'stop', id, '--by', 'bob')
    assert.match(stopped.out, /^Run \d+ is stopped: (\d+) of \1 messages are left as they were\.$/m)
    assert.ok(folder.path)
  })
})
