import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { command, jsonOf } from './run.ts'
import { type EventJson, type MessageJson, withDemoService } from './service.ts'

describe('acting on the ledger of a running service', () => {
  const { run, list, events, one, replay, folder, demo } = withDemoService({
    sources: 'genesys: { preset: genesys-undelivered, secrets: [a-token-of-the-tests] }',
  })

  describe('acting', () => {
    it('retry, cancel and retry again: by whom and why is kept', async () => {
      assert.equal((await run('pause', '--reason', 'while a test acts')).code, 0)
      const [failed] = await list('--state', 'failed')
      const id = String(failed?.id)
      const retried = jsonOf<MessageJson>(await run('messages', 'retry', id, '--by', 'ada', '--json'))
      assert.equal(retried.state, 'scheduled')
      assert.equal(retried.manualBy, 'ada')
      const again = await run('messages', 'retry', id)
      assert.deepEqual([again.code, again.out], [1, ''])
      assert.match(again.err, /is scheduled already/)
      const cancelled = await run('messages', 'cancel', id, '--by', 'ada', '--reason', 'not needed')
      assert.deepEqual([cancelled.code, cancelled.out], [0, `Message ${id} cancelled: now cancelled.\n`])
      const message = jsonOf<MessageJson>(await run('messages', 'show', id, '--json'))
      assert.match(message.reason, /Cancelled by ada: not needed/)
      assert.equal((await run('messages', 'cancel', id)).code, 1)
      assert.equal((await run('resume')).code, 0)
    })

    it('one that was sent: only with --force and a reason', async () => {
      const { id } = await one('order-placed')
      for (const args of [[], ['--force']]) {
        const refused = await run('messages', 'retry', String(id), ...args)
        assert.equal(refused.code, 1)
        assert.match(refused.err, /--reason/)
      }
      const forced = await run('messages', 'retry', String(id), '--force', '--reason', 'lost in the post')
      assert.equal(forced.code, 0, forced.err)
      await demo().settled()
      const json = jsonOf<{ attempts: { by: string | null }[] }>(
        await run('messages', 'show', String(id), '--json'),
      )
      assert.equal(json.attempts.length, 2)
      assert.notEqual(json.attempts[1]?.by, null)
    })

    it('one that is unconfirmed: status says that it is looked for, and settle what became of it', async () => {
      await demo().fault({ operation: 'email', reset: 'after-acting', times: 1 })
      await replay('order-placed', '--times', '2')
      // The other one of the same customer waits for what becomes of it.
      let message: MessageJson | undefined
      while (!message) [message] = await list('--state', 'unconfirmed')
      const status = await run('status')
      assert.match(status.out, /^Looking +1 unconfirmed, 1 of them still looked for$/m)
      assert.doesNotMatch(status.out, /^! .*unconfirmed/m)
      const settled = jsonOf<MessageJson>(
        await run('messages', 'settle', String(message.id), '--as', 'sent', '--by', 'ada', '--json'),
      )
      assert.equal(settled.state, 'sent')
      await demo().settled()
      assert.equal((await one('order-placed')).state, 'sent')
      const twice = await run('messages', 'settle', String(message.id), '--as', 'not-sent')
      assert.equal(twice.code, 1)
      assert.match(twice.err, /only an unconfirmed one/)
    })

    it('replan adds nothing that is there, and ends with 1 for what cannot be planned', async () => {
      const { eventId } = await one('ticket-resolved')
      const [unreadable] = await events('--state', 'unreadable')
      const said = await run(
        'events',
        'replan',
        String(eventId),
        String(eventId),
        String(unreadable?.id),
        '--json',
      )
      assert.equal(said.code, 1)
      assert.deepEqual(
        jsonOf<{ id: number; added: number; state: string }[]>(said).map(({ added, state }) => [
          added,
          state,
        ]),
        [
          [0, 'planned'],
          [0, 'unreadable'],
        ],
      )
      assert.equal((await run('events', 'replan', String(eventId))).code, 0)
    })
  })

  describe('pause and resume', () => {
    it('a route, for a while: status shows it and needs nobody', async () => {
      const paused = await run('pause', 'route', 'cart-abandoned', '--for', '2h', '--by', 'ada', '--json')
      const pause = jsonOf<{ since: string; until: string; by: string }>(paused)
      assert.equal(Date.parse(pause.until) - Date.parse(pause.since), 7_200_000)
      const { out } = await run('status')
      assert.match(out, /^Paused +route cart-abandoned since .* until .* by ada: by hand$/m)
      assert.doesNotMatch(out, /^! route/m)
      assert.match((await run('resume', 'route', 'cart-abandoned')).out, /^Resumed route cart-abandoned\.\n$/)
    })

    it('everything, until resumed: status names the command that ends it', async () => {
      assert.match((await run('pause')).out, /^Paused all sending until resumed\./)
      const status = await run('status')
      assert.equal(status.code, 1)
      assert.match(status.out, /^! all sending paused since .*npx postrider resume$/m)
      const wrong = await run('resume', 'channel', 'email')
      assert.equal(wrong.code, 1)
      assert.match(wrong.err, /Channel email is not paused\. Paused: all sending\./)
      assert.equal((await run('resume')).code, 0)
      assert.match((await run('resume')).err, /All sending is not paused\./)
    })

    for (const [scope, name] of [
      ['route', 'cart-abandonned'],
      ['source', 'crn'],
      ['channel', 'fax'],
    ] as const) {
      it(`a mistyped ${scope} is not thought paused`, async () => {
        const { code, err } = await run('pause', scope, name)
        assert.equal(code, 1)
        assert.match(err, new RegExp(`Nothing is paused: there is no ${scope} ${name}\\. There are: \\w+`))
        assert.equal((await demo().service.ledger.pauses()).length, 0)
      })
    }

    for (const [scope, name] of [
      ['route', 'send'],
      ['source', 'cli'],
    ] as const) {
      it(`what postrider send plans, before it has planned anything: ${scope} ${name}`, async () => {
        assert.equal((await list('--source', 'cli')).length, 0)
        const paused = await run('pause', scope, name)
        assert.equal(paused.code, 0, paused.err)
        assert.deepEqual(
          (await demo().service.ledger.pauses()).map((pause) => [pause.scope, pause.name]),
          [[scope, name]],
        )
        assert.equal((await run('resume', scope, name)).code, 0)
      })
    }

    it('a configuration that cannot be read hinders nobody from pausing', async () => {
      const variables = { ...demo().variables, POSTRIDER_CONFIG: join(folder.path, 'none.yaml') }
      assert.equal((await command(['pause', 'route', 'anything'], variables)).code, 0)
      assert.equal((await command(['resume', 'route', 'anything'], variables)).code, 0)
    })
  })

  describe('an event about messages that were not seen', () => {
    const deliver = async (name: string, body: unknown): Promise<EventJson | undefined> => {
      const file = folder.write(name, JSON.stringify({ source: 'genesys', body }))
      const said = await run('replay', file, '--url', demo().service.url)
      assert.equal(said.code, 0, said.err)
      return (await events('--source', 'genesys', '--limit', '1'))[0]
    }

    it('replan leaves what it says was marked, and the exit code is 0', async () => {
      const event = await deliver('known.json', { conversationId: 'of-somebody-else' })
      assert.match(String(event?.reason), /no message of this conversation is known/)
      const said = await run('events', 'replan', String(event?.id), '--json')
      assert.equal(said.code, 0, said.err)
      const [outcome] = jsonOf<{ state: string; added: number; reason: string }[]>(said)
      assert.deepEqual([outcome?.state, outcome?.added, outcome?.reason], ['unrouted', 0, event?.reason])
      const [after] = await events('--source', 'genesys')
      assert.deepEqual(after, event)
    })
  })

  describe('an event of postrider send', () => {
    let event: EventJson | undefined
    before(async () => {
      const words = ['send', '--external-id', 'C-1001', '--email', 'ada@example.com', '--locale', 'en']
      const what = ['--template', 'order-placed', '--channels', 'email', '--shadow', '--yes']
      const data = ['--data', 'order.number=7', '--data', 'order.total=9', '--name', 'Ada Example']
      const said = await run(...words, ...what, ...data)
      assert.equal(said.code, 0, said.err)
      ;[event] = await events('--source', 'cli')
    })

    it('is not planned again, and no other with it: no route has planned it', async () => {
      const { eventId } = await one('ticket-resolved')
      const { code, out, err } = await run('events', 'replan', String(eventId), String(event?.id))
      assert.deepEqual([code, out], [1, ''])
      assert.match(err, /planned by postrider send.*messages retry.*postrider send\.\n$/)
    })

    it('is not previewed: its message has the text', async () => {
      const { code, out, err } = await run('preview', 'order-placed', '--event', String(event?.id))
      assert.deepEqual([code, out], [1, ''])
      assert.match(
        err,
        new RegExp(`planned by postrider send.*events show ${event?.id} lists.*messages show`),
      )
      const route = await run('preview', 'send', '--event', String(event?.id))
      assert.equal(route.code, 1)
      assert.match(route.err, /on no route of the configuration.*send --shadow/)
    })
  })

  const unknown: [readonly string[], RegExp][] = [
    [['events', 'show', '4711'], /no event 4711.*postrider events list/],
    [['events', 'replan', '4711'], /no event 4711/],
    [['messages', 'show', '4711'], /no message 4711.*postrider messages list/],
    [['messages', 'retry', '4711'], /no message 4711/],
    [['messages', 'cancel', '4711'], /no message 4711/],
    [['messages', 'settle', '4711', '--as', 'sent'], /no message 4711/],
    [['preview', 'order-placed', '--event', '4711'], /no event 4711/],
  ]
  for (const [args, words] of unknown) {
    it(`${args.join(' ')}: nobody has that number, 1`, async () => {
      const { code, out, err } = await run(...args)
      assert.deepEqual([code, out], [1, ''])
      assert.match(err, words)
    })
  }

  const usage: readonly (readonly string[])[] = [
    ['messages', 'list', '--state', 'SENT'],
    ['events', 'list', '--state', 'sent'],
    ['messages', 'list', '--limit', '0'],
    ['messages', 'list', '--limit', '-1'],
    ['messages', 'list', '--since', '5'],
    ['messages', 'list', '--since', '25:00'],
    ['messages', 'list', '--since', '2026-02-31'],
    ['messages', 'list', '--since', '999999999d'],
    ['messages', 'list', '--since', '1h', '--until', '2h'],
    ['messages', 'list', 'all'],
    ['messages', 'show'],
    ['messages', 'show', '1.5'],
    ['messages', 'show', '99999999999'],
    ['messages', 'settle', '1', '--as', 'lost'],
    ['events', 'replan', '1', 'x'],
    ['events', 'replan'],
    ['pause', 'route'],
    ['pause', 'all', 'x'],
    ['pause', '--for', '0s'],
    ['pause', '--for', '999999999d'],
    ['resume', 'everything'],
    ['status', '--since', 'noon'],
    ['message', 'list'],
  ]
  for (const args of usage) {
    it(`${args.join(' ')}: the words are off, 2`, async () => {
      const { code, out, err } = await run(...args)
      assert.deepEqual([code, out], [2, ''])
      assert.notEqual(err, '')
      assert.doesNotMatch(err, /^\s+at /m)
    })
  }
})
