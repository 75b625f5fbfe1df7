import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DateTime } from 'luxon'
import type { Message } from '../../src/message.ts'
import { customerEvent } from './fixtures.ts'
import { type Rig, rigsForEach } from './rig.ts'

const at = (text: string, zone = 'utc') => DateTime.fromISO(text, { zone }).toMillis()
const local = (ms: number, zone: string) => DateTime.fromMillis(ms, { zone }).toFormat('yyyy-MM-dd HH:mm')

const route = (quiet: string, ...more: string[]) =>
  ['channels: [webmessaging]', 'brake: none', `quietHours: ${quiet}`, ...more].join('\n    ')
const NIGHT = '{ from: "21:00", to: "08:00", timezone: Europe/Berlin }'

describe('quiet hours', () => {
  const rigOf = rigsForEach()
  const message = async ({ ledger }: Rig): Promise<Message> => {
    const [one, ...more] = await ledger.reads.messages({ limit: 10 })
    assert.ok(one && more.length === 0)
    return one
  }
  const sentAt = async (rig: Rig): Promise<number> => {
    const one = await message(rig)
    const [attempt] = await rig.ledger.reads.attempts(one.id)
    assert.ok(one.state === 'sent' && attempt, `${one.state}: ${one.reason}`)
    return attempt.openedAt
  }
  /** Lets time pass up to a few seconds before; none of it is lived through. */
  const until = (rig: Rig, time: number) => rig.clock.advance(time - 5_000 - rig.clock.now())

  const nights: [zone: string, from: string, to: string, event: string, leaves: string][] = [
    // Both changes of both zones: the night is an hour shorter, or longer, and the morning is the morning.
    ['Europe/Berlin', '21:00', '08:00', '2026-10-24 23:30', '2026-10-25 08:00'],
    ['Europe/Berlin', '21:00', '08:00', '2027-03-27 23:30', '2027-03-28 08:00'],
    ['America/New_York', '21:00', '08:00', '2026-10-31 23:30', '2026-11-01 08:00'],
    ['America/New_York', '21:00', '08:00', '2027-03-13 23:30', '2027-03-14 08:00'],
    // An end that comes twice is the later one; one that does not come is the first minute after the gap.
    ['Europe/Berlin', '21:00', '02:30', '2026-10-24 23:30', '2026-10-25 02:30'],
    ['Europe/Berlin', '21:00', '02:30', '2027-03-27 23:30', '2027-03-28 03:00'],
    ['America/New_York', '21:00', '01:30', '2026-10-31 23:30', '2026-11-01 01:30'],
    ['America/New_York', '21:00', '02:30', '2027-03-13 23:30', '2027-03-14 03:00'],
  ]
  for (const [zone, from, to, event, leaves] of nights) {
    it(`${zone}, ${event}: leaves at ${leaves} and not before`, async () => {
      const begins = at(event.replace(' ', 'T'), zone)
      const rig = await rigOf({
        startAt: begins,
        config: { route: route(`{ from: "${from}", to: "${to}", timezone: ${zone} }`) },
      })
      await rig.record(1, 1)
      const [day = '', time = ''] = leaves.split(' ')
      const repeats = DateTime.fromISO(`${day}T${time}`, { zone }).getPossibleOffsets()
      const end = repeats.at(-1)?.toMillis() ?? 0
      await until(rig, end)
      assert.equal(rig.sandbox.counts().message ?? 0, 0)
      await rig.run(10_000)
      const sent = await sentAt(rig)
      assert.equal(local(sent, zone), leaves)
      assert.ok(sent >= end && sent < end + 5_000)
    })
  }

  it('by the customer’s own zone, not the route’s', async () => {
    const rig = await rigOf({ startAt: at('2026-11-23T20:30'), config: { route: route(NIGHT) } })
    const customer = { id: 'N-1', timezone: 'America/New_York' }
    await rig.recordEvents([customerEvent(1, rig.clock.now(), customer)])
    await rig.run(5_000)
    assert.equal(local(await sentAt(rig), 'America/New_York'), '2026-11-23 15:30')
  })

  it('what was planned for the day and is due at night waits, and asks Genesys nothing meanwhile', async () => {
    const rig = await rigOf({
      startAt: at('2026-11-23T20:59:30', 'Europe/Berlin'),
      config: { route: route(NIGHT) },
    })
    await rig.ledger.pause({
      scope: 'all',
      name: null,
      code: 'operator',
      reason: 'test',
      forMs: 60_000,
      probes: 0,
      by: 'ada',
    })
    await rig.record(1, 1)
    await rig.run(90_000)
    const waiting = await message(rig)
    assert.deepEqual([waiting.state, waiting.code], ['scheduled', 'quiet-hours'])
    assert.match(waiting.reason ?? '', /Quiet hours.*Europe\/Berlin, by the route/)
    assert.equal(local(waiting.dueAt, 'Europe/Berlin'), '2026-11-24 08:00')
    assert.equal(rig.sandbox.counts().lookup ?? 0, 0)
    await until(rig, waiting.dueAt)
    await rig.run(10_000)
    assert.equal(local(await sentAt(rig), 'Europe/Berlin'), '2026-11-24 08:00')
  })

  it('so does what waited for the budget until night', async () => {
    const rig = await rigOf({
      startAt: at('2026-11-23T20:59:50', 'Europe/Berlin'),
      config: { route: route(NIGHT), genesys: 'rateLimitPerMinute: 6' },
    })
    await rig.record(1, 3)
    await rig.run(120_000)
    const messages = await rig.ledger.reads.messages({ limit: 10 })
    const attempts = await Promise.all(messages.map(({ id }) => rig.ledger.reads.attempts(id)))
    const nine = at('2026-11-23T21:00', 'Europe/Berlin')
    assert.ok(attempts.flat().every(({ openedAt }) => openedAt < nine))
    const waiting = messages.filter(({ code }) => code === 'quiet-hours')
    assert.ok(
      waiting.length > 0 && waiting.every(({ state, attempts }) => state === 'scheduled' && attempts === 0),
    )
    assert.ok(
      (rig.sandbox.counts().lookup ?? 0) > messages.length - waiting.length,
      'one was looked up in vain',
    )
  })

  it('expired when the night is over: skipped, and the reason says how late', async () => {
    const rig = await rigOf({
      startAt: at('2026-11-23T22:00', 'Europe/Berlin'),
      config: { route: route(NIGHT, 'expireAfter: 4h') },
    })
    await rig.record(1, 1)
    await until(rig, at('2026-11-24T08:00', 'Europe/Berlin'))
    await rig.run(10_000)
    const skipped = await message(rig)
    assert.deepEqual([skipped.state, skipped.code], ['skipped', 'expired'])
    assert.match(skipped.reason ?? '', /6 hours after that/)
    assert.equal(rig.sandbox.counts().message ?? 0, 0)
  })

  it('an operator who re-triggers it knows what time it is', async () => {
    const rig = await rigOf({
      startAt: at('2026-11-23T23:00', 'Europe/Berlin'),
      config: { route: route(NIGHT) },
    })
    await rig.record(1, 1)
    const { id } = await message(rig)
    await rig.ledger.cancel(id, { by: 'ada', reason: null })
    await rig.ledger.retry(id, { by: 'ada', force: false, reason: null })
    await rig.run(10_000)
    assert.equal(local(await sentAt(rig), 'Europe/Berlin'), '2026-11-23 23:00')
  })

  it('what is put off holds nobody: another message of the customer goes', async () => {
    const rig = await rigOf({
      startAt: at('2026-11-23T20:59:55', 'Europe/Berlin'),
      config: { route: route(NIGHT) },
    })
    await rig.ledger.pause({
      scope: 'all',
      name: null,
      code: 'operator',
      reason: 'test',
      forMs: 10_000,
      probes: 0,
      by: 'ada',
    })
    await rig.record(1, 1)
    const travelling = { id: 'N-1', timezone: 'America/New_York' }
    await rig.recordEvents([customerEvent(2, rig.clock.now(), travelling)])
    await rig.run(60_000)
    const [later, first] = await rig.ledger.reads.messages({ limit: 10 })
    assert.deepEqual([first?.state, first?.code, later?.state], ['scheduled', 'quiet-hours', 'sent'])
  })
})
