import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { command, jsonOf } from './run.ts'
import { type MessageJson, withDemoService } from './service.ts'

/** What would move a terminal's cursor, colour it, or turn round what is read. */
const UNSEEN = /[^\P{Cc}\n\t]|\p{Bidi_Control}/u

describe('what is in the ledger of a running service', () => {
  const { run, list, events, one, folder, demo } = withDemoService()

  describe('messages list', () => {
    it('--json: one array of objects with the keys that scripts rely on', async () => {
      const messages = await list()
      assert.deepEqual(messages.map(({ state, route }) => `${route} ${state}`).sort(), [
        'cart-abandoned scheduled',
        'order-placed sent',
        'order-survey skipped',
        'ticket-resolved failed',
        'ticket-resolved sent',
      ])
      for (const message of messages) {
        for (const key of [
          'id',
          'state',
          'reason',
          'route',
          'eventId',
          'customer',
          'channel',
          'attempts',
          'dueAt',
          'sentAt',
          'conversationId',
          'delivery',
        ]) {
          assert.ok(key in message, key)
        }
      }
      const sent = messages.find(({ state, route }) => state === 'sent' && route === 'ticket-resolved')
      assert.deepEqual(sent?.customer, {
        externalId: 'C-1001',
        email: 'ada@example.com',
        phone: '+14155550101',
        name: 'Ada Example',
        locale: 'en',
      })
      assert.equal(sent?.attempts, 1)
      assert.match(String(sent?.sentAt), /^\d{4}-\d\d-\d\dT.*Z$/)
    })

    const filters: [readonly string[], number][] = [
      [['--state', 'sent'], 2],
      [['--route', 'order-survey'], 1],
      [['--source', 'crm'], 5],
      [['--source', 'shop'], 0],
      [['--type', 'ticket.resolved'], 2],
      [['--type', 'order.*'], 2],
      [['--reason', 'no-contact'], 1],
      [['--reason', 'in shadow'], 1],
      [['--since', '1h'], 5],
      [['--until', '1h'], 0],
      [['--since', '2001-01-01', '--until', '2001-01-02T03:04Z'], 0],
      [['--limit', '2'], 2],
      [['--external-id', 'C-1002'], 2],
      [['--email', 'Ada@Example.com'], 1],
      [['--phone', '+14155550101'], 1],
      [['--email', 'ada@example.com', '--external-id', 'C-1002'], 0],
      [['--state', 'failed', '--route', 'ticket-resolved', '--type', 'ticket.*'], 1],
    ]
    for (const [args, count] of filters) {
      it(`${args.join(' ')}: ${count}`, async () => assert.equal((await list(...args)).length, count))
    }

    it('nothing matches: says so, and an empty array for programs; 0 both', async () => {
      const words = await run('messages', 'list', '--route', 'none')
      assert.deepEqual([words.code, words.out], [0, 'No messages match.\n'])
      const json = await run('messages', 'list', '--route', 'none', '--json')
      assert.deepEqual([json.code, json.out], [0, '[]\n'])
    })

    it('a table that names the customer and the reason', async () => {
      const { out } = await run('messages', 'list', '--state', 'failed')
      assert.match(out, /^ID +CREATED +STATE +ROUTE +CUSTOMER +CHANNEL +TRIES +DUE +REASON$/m)
      assert.match(out, /failed +ticket-resolved +C-9999 .*no contact/)
    })

    it('on a terminal the reasons wrap within its width', async () => {
      const { out } = await command(['messages', 'list'], demo().variables, 150)
      for (const line of out.trimEnd().split('\n').slice(1)) assert.ok(line.length <= 150, line)
    })
  })

  describe('events list', () => {
    const filters: [readonly string[], number][] = [
      [[], 6],
      [['--state', 'unreadable'], 1],
      [['--state', 'unrouted', '--type', 'invoice.*'], 1],
      [['--route', 'order-placed'], 1],
      [['--reason', 'JSON'], 1],
      [['--source', 'shop'], 0],
      [['--until', '1h'], 0],
      [['--limit', '1'], 1],
      [['--email', 'bruno@example.com'], 1],
      [['--external-id', 'C-9999', '--state', 'planned'], 1],
      [['--external-id', 'C-9999', '--state', 'unrouted'], 0],
      [['--phone', '+14155550101', '--type', 'ticket.*'], 1],
    ]
    for (const [args, count] of filters) {
      it(`${args.join(' ') || 'all'}: ${count}`, async () => {
        assert.equal((await events(...args)).length, count)
      })
    }

    it('nothing matches', async () => {
      assert.equal((await run('events', 'list', '--source', 'shop')).out, 'No events match.\n')
    })
  })

  describe('show', () => {
    it('an event with its body, routes and messages', async () => {
      const { eventId, id } = await one('order-placed')
      const { code, out } = await run('events', 'show', String(eventId))
      assert.equal(code, 0)
      for (const words of [
        /^Event \d+ {2}planned {2}crm\/order\.placed$/m,
        /order-survey +planned/,
        /"number":"2026-1042"/,
      ]) {
        assert.match(out, words)
      }
      const event = jsonOf<{ body: string; messages: MessageJson[] }>(
        await run('events', 'show', String(eventId), '--json'),
      )
      assert.equal(JSON.parse(event.body).type, 'order.placed')
      assert.ok(event.messages.some((message) => message.id === id))
    })

    it('an event that could not be read: why, and its bytes', async () => {
      const [event] = await events('--state', 'unreadable')
      const { out } = await run('events', 'show', String(event?.id))
      assert.match(out, /the body is not JSON\n[\s\S]*\{"type": 42, "data": \[/)
      assert.doesNotMatch(out, /No route/)
    })

    it('a message with its customer, attempts and text', async () => {
      const { id } = await one('order-placed')
      const { out } = await run('messages', 'show', String(id))
      for (const words of [
        /^to externalId C-1002 · email bruno@example\.com/m,
        /^1 +\S+ \S+ +sent +email +itself +20[02]/m,
        /^Vielen Dank, Bruno/m,
      ]) {
        assert.match(out, words)
      }
      const json = jsonOf<{ attempts: { outcome: string; rendered: { subject: string } }[] }>(
        await run('messages', 'show', String(id), '--json'),
      )
      assert.deepEqual(
        json.attempts.map(({ outcome }) => outcome),
        ['sent'],
      )
    })

    it('what a route in shadow would have said', async () => {
      const { id } = await one('order-survey')
      assert.match(
        (await run('messages', 'show', String(id))).out,
        /^Would say \(webmessaging, .*\n+How did you like/m,
      )
    })
  })

  describe('text of strangers', () => {
    it('cannot reach the terminal as anything but text', async () => {
      const evil = '\u001b[2J\u009b31mboo\u202e\u0007'
      const file = folder.write(
        'evil.json',
        JSON.stringify({
          source: 'crm',
          body: {
            type: 'ticket.resolved',
            timestamp: '{{ now }}',
            data: {
              ticket: { id: evil, subject: evil, channel: 'web' },
              customer: { id: `C\n! fake ${evil}`, email: 'eve@example.com', name: `two\nlines ${evil}` },
            },
          },
        }),
      )
      const typed = folder.write(
        'typed.json',
        JSON.stringify({ source: 'crm', body: { type: `x.${evil}`, timestamp: '{{ now }}', data: {} } }),
      )
      for (const one of [file, typed]) await run('replay', one, '--url', demo().service.url)
      await demo().settled()
      const [message] = await list('--email', 'eve@example.com')
      assert.ok(message)
      const [event] = await events('--limit', '1')
      const shown = await Promise.all([
        run('messages', 'list'),
        run('messages', 'list', '--json'),
        run('messages', 'show', String(message.id)),
        run('messages', 'show', String(message.id), '--json'),
        run('events', 'list'),
        run('events', 'show', String(message.eventId)),
        run('events', 'show', String(event?.id)),
        run('events', 'show', String(event?.id), '--json'),
        run('preview', 'ticket-resolved', '--event', String(message.eventId)),
        run('pause', 'route', evil),
        run('messages', 'show', evil),
      ])
      for (const { out, err } of shown) {
        assert.doesNotMatch(out, UNSEEN)
        assert.doesNotMatch(err, UNSEEN)
        assert.doesNotMatch(out, /^! fake/m)
      }
    })
  })
})
