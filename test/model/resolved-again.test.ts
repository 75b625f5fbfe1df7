import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { startReceiving } from '../receive/live.ts'
import { SECRET } from '../receive/signing.ts'

const MINUTE = 60_000

type Service = Awaited<ReturnType<typeof startReceiving>>
let service: Service | undefined

afterEach(async () => {
  await service?.stop()
  service = undefined
})

/** One route: half an hour after a ticket is resolved its customer hears of it, unless it is reopened. */
async function start(...lines: string[]): Promise<Service> {
  service = await startReceiving({
    yaml: `
genesys:
  sms: { from: "+13175550100" }
sources:
  crm: { preset: standard-webhooks, secrets: ["${SECRET}"] }
routes:
  ticket-resolved:
    on: crm/ticket.resolved
    template: ticket-resolved
    channels: [sms]
    delay: 30m
    cancelOn: [{ on: crm/ticket.reopened, match: "{{ data.ticket.id }}" }]
${lines.map((line) => `    ${line}\n`).join('')}`,
  })
  return service
}

/** What happened to the ticket: the number of minutes after the beginning, and what. */
const STORY = [
  { id: 'first', at: 0, type: 'ticket.resolved' },
  { id: 'reopened', at: 5, type: 'ticket.reopened' },
  { id: 'second', at: 12, type: 'ticket.resolved' },
] as const
type Chapter = (typeof STORY)[number]

async function post(
  { clock, post, sign }: Service,
  { id, at, type }: Chapter,
  beganAt: number,
): Promise<void> {
  const body = JSON.stringify({
    type,
    timestamp: beganAt + at * MINUTE,
    data: { customer: { id: 'C-1', phone: '+4930901820' }, ticket: { id: 'T-7' } },
  })
  const answer = await post(sign({ id: `msg_${id}`, atMs: clock.now(), body }))
  assert.equal(answer.status, 200)
}

/** Claims minute by minute for an hour and a half and opens what is claimed; which deliveries it was for, and when, in minutes after the beginning. */
async function sendAll({ clock, ledger }: Service, beganAt: number): Promise<{ key: string; at: number }[]> {
  const sent: { key: string; at: number }[] = []
  for (let minute = 0; minute < 90; minute += 1) {
    const { messages } = await ledger.claim({ owner: 'test', limit: 10, leaseMs: MINUTE })
    for (const { lease, event } of messages) {
      const opened = await ledger.open(lease, {
        channel: 'sms',
        contactId: null,
        foundBy: null,
        address: '+4930901820',
        session: null,
        rendered: {
          channel: 'sms',
          text: 'Ticket T-7 is resolved.',
          templateVersion: 'ticket-resolved.liquid@1',
        },
        mode: 'live',
      })
      if (opened.kind === 'open') sent.push({ key: event.key, at: (clock.now() - beganAt) / MINUTE })
    }
    await clock.advance(MINUTE)
  }
  return sent
}

const ONCE = 'once: "{{ data.ticket.id }}"'

describe('a ticket that is resolved, reopened and resolved again within the delay', () => {
  for (const lines of [[], [ONCE], [ONCE, 'onRepeat: replace'], [ONCE, 'oncePer: 1h']]) {
    it(`is told of once, half an hour after the second time (${lines.join(', ') || 'no key'})`, async () => {
      const service = await start(...lines)
      const beganAt = service.clock.now()
      for (const chapter of STORY) {
        await service.clock.advance(beganAt + chapter.at * MINUTE - service.clock.now())
        await post(service, chapter, beganAt)
      }
      assert.deepEqual(await sendAll(service, beganAt), [{ key: 'msg_second', at: 42 }])
      const { messages } = await service.kept()
      assert.deepEqual(messages.map(({ state }) => state).sort(), ['cancelled', 'sending'])
    })
  }

  for (const [order, lines] of ordersOf(STORY).flatMap(
    (order) =>
      [
        [order, [ONCE]],
        [order, [ONCE, 'onRepeat: replace']],
      ] as const,
  )) {
    const words = order.map(({ id }) => id).join(', ')
    it(`the same in whatever order the deliveries come: ${words} (${lines.join(', ')})`, async () => {
      const service = await start(...lines)
      const beganAt = service.clock.now()
      await service.clock.advance(13 * MINUTE)
      for (const chapter of order) await post(service, chapter, beganAt)
      assert.deepEqual(await sendAll(service, beganAt), [{ key: 'msg_second', at: 42 }])
    })
  }
})

function ordersOf<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]]
  return list.flatMap((one, n) => ordersOf(list.toSpliced(n, 1)).map((rest) => [one, ...rest]))
}
