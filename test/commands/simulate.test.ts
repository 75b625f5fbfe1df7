import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { planRecipient } from '../../src/commands/send-campaign.ts'
import type { Span } from '../../src/commands/simulate-tally.ts'
import { type Walked, walk } from '../../src/commands/simulate-walk.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { silentLog } from '../../src/log.ts'
import { planEvent } from '../../src/plan/plan.ts'
import { readDelivery } from '../../src/receive/sources/read.ts'
import { claimAll, draft, SENT } from '../ledger/contract/build.ts'
import { command, type Folder, jsonOf, temporaryFolder } from './run.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A configuration of one source and of these routes, each its lines. */
function yamlOf(routes: Readonly<Record<string, readonly string[]>>, more = ''): string {
  const written = Object.entries(routes).map(
    ([name, lines]) =>
      `  ${name}:\n    template: greet\n    channels: [email]\n${lines.map((line) => `    ${line}\n`).join('')}`,
  )
  return `genesys:
  externalSource: { id: space-1, name: CRM }
  email: { from: { email: care@example.com } }
sources:
  crm: { preset: standard-webhooks, secrets: [] }
routes:
${written.join('')}${more}`
}

const PRESENT = yamlOf({
  resolved: ['on: crm/ticket.resolved'],
  news: ['on: crm/news', 'purpose: marketing'],
})

/** What a text says of somebody must not be where nobody asked for it. */
const ADDRESS = 'ann.private@example.com'

type Event = { type: string; ago: number; email?: string; text?: string; ticket?: string }
function house(folder: Folder, ledgerOf: () => Ledger, now: number) {
  const variables = {
    DATABASE_URL: `sqlite:${join(folder.path, 'postrider.db')}`,
    POSTRIDER_CONFIG: folder.write('postrider.yaml', PRESENT),
  }
  folder.write('templates/greet.liquid', '---\nsubject: Hello\n---\nHello, {{ data.text }}')
  const loaded = loadConfig({ file: variables.POSTRIDER_CONFIG, env: {}, unsetVariables: 'error' })
  assert.ok(loaded.kind === 'loaded')
  const { config } = loaded
  let lastKey = 0
  return {
    variables,
    config,
    async receive({
      type,
      ago,
      email = ADDRESS,
      text = 'all is well',
      ticket = 'T-1',
    }: Event): Promise<number> {
      lastKey += 1
      const receivedAt = now - ago
      const data = { text, ticket, customer: { email, name: 'Ann Private' } }
      const body = Buffer.from(JSON.stringify({ type, timestamp: new Date(receivedAt).toISOString(), data }))
      const source = config.sources.get('crm')
      assert.ok(source)
      const [event] = readDelivery(source, { body, rawHeaders: [], receivedAt }, `msg_${lastKey}`)
      assert.ok(event && !('reason' in event))
      const [recorded] = await ledgerOf().record([
        { kind: 'event', event, plan: planEvent(event, config), keepKeyForMs: DAY },
      ])
      assert.ok(recorded?.kind === 'recorded')
      return recorded.eventId
    },
    /** Sends what is due, and Genesys takes it. */
    async sendAll(): Promise<void> {
      for (;;) {
        const claimed = await claimAll(ledgerOf(), 50)
        if (claimed.length === 0) return
        for (const { lease } of claimed) {
          const opened = await ledgerOf().open(lease, draft({ channel: 'email' }))
          if (opened.kind === 'open') await ledgerOf().settle(opened.attempt.id, SENT)
        }
      }
    },
  }
}

const KEYS = 'config since until counts outcomes differences undecided faults samples'.split(' ')

describe('simulate', () => {
  const folder = temporaryFolder()
  const now = systemClock.now()
  let ledger: Ledger
  const { variables, config, receive, sendAll } = house(folder, () => ledger, now)
  const ids: Record<string, number> = {}
  const simulate = (...args: string[]) => command(['simulate', ...args], variables)
  const candidate = (yaml: string, name = 'new.yaml') => ['--config', folder.write(name, yaml)]
  /** As the command does it, on the ledger that is open already. */
  async function walked(yaml: string, span: Partial<Span> = {}, samples = 3): Promise<Walked> {
    const file = folder.write('new.yaml', yaml)
    const loaded = loadConfig({ file, env: {}, unsetVariables: 'error' })
    assert.ok(loaded.kind === 'loaded')
    const all = { since: now - 7 * DAY, until: now, samples, ...span }
    return walk(ledger.reads, loaded.config, all, { err: process.stderr })
  }
  const outcomesOf = ({ outcomes }: Pick<Walked, 'outcomes'>) =>
    outcomes.map(({ route, state, code, deferredBy, messages }) =>
      [route, state, code, deferredBy, messages].filter((part) => part !== null).join(' '),
    )
  const differencesOf = ({ differences }: Pick<Walked, 'differences'>) =>
    differences.map(({ route, was, would, because, messages }) =>
      [route, was, '→', would, because, messages].join(' '),
    )

  before(async () => {
    const options = { clock: systemClock, log: silentLog, owner: true }
    ledger = await openLedger({ url: variables.DATABASE_URL, ...options })
    ids.early = await receive({ type: 'ticket.resolved', ago: 23 * HOUR })
    ids.first = await receive({ type: 'ticket.resolved', ago: 20 * HOUR })
    ids.second = await receive({ type: 'ticket.resolved', ago: 19 * HOUR, ticket: 'T-2' })
    ids.other = await receive({
      type: 'ticket.resolved',
      ago: 18 * HOUR,
      email: 'ben@example.com',
      text: 'for Ben',
    })
    ids.news = await receive({ type: 'news', ago: 17 * HOUR })
    ids.reopened = await receive({
      type: 'ticket.reopened',
      ago: 10 * HOUR,
      ticket: 'T-2',
      text: 'x'.repeat(500_000),
    })
    await sendAll()
  })
  after(async () => {
    await ledger.close()
    folder[Symbol.dispose]()
  })

  it('under the present configuration says what happened, changes nothing and names nobody', async () => {
    const before = [await ledger.reads.messages({ limit: 100 }), await ledger.reads.events({ limit: 100 })]
    const said = await simulate()
    assert.equal(said.code, 0, said.err)
    assert.match(said.out, /^Events {4}6 · 0 around them · /m)
    assert.match(said.out, /^resolved +4 +sent$/m)
    assert.match(said.out, /^news +1 +skipped no-consent$/m)
    assert.match(said.out, /^No differences to what happened\.$/m)
    assert.match(said.out, new RegExp(`^resolved {2}event ${ids.early} {2}email {2}greet\\.liquid@`, 'm'))
    assert.match(said.out, /^Hello, all is well$/m)
    assert.doesNotMatch(said.out + said.err, /ann|ben@/i)
    assert.deepEqual(
      [await ledger.reads.messages({ limit: 100 }), await ledger.reads.events({ limit: 100 })],
      before,
    )
  })

  it('under a candidate says what would be otherwise, and of which events', async () => {
    const yaml = yamlOf({
      resolved: ['on: crm/ticket.resolved', 'cap: { messages: 1, per: 2d, group: all }'],
      watched: ['on: crm/ticket.reopened', 'mode: shadow'],
    })
    const said = await simulate(...candidate(yaml))
    assert.equal(said.code, 0, said.err)
    assert.match(
      said.out,
      new RegExp(`^watched +1 +not planned +skipped shadow +rules +${ids.reopened}$`, 'm'),
    )
    const found = jsonOf<Walked>(await simulate('--json', ...candidate(yaml)))
    assert.deepEqual(Object.keys(found), KEYS)
    assert.deepEqual(outcomesOf(found), [
      'resolved sent 2',
      'resolved skipped cap 2',
      'watched skipped shadow 1',
    ])
    assert.deepEqual(differencesOf(found), [
      'news skipped no-consent →  rules 1',
      'resolved sent → skipped cap rules 2',
      'watched  → skipped shadow rules 1',
    ])
    assert.deepEqual(found.differences[1]?.eventIds, [ids.first, ids.second])
  })

  it('counts a part of the events by what all of them mean', async () => {
    const capped = yamlOf({
      resolved: ['on: crm/ticket.resolved', 'cap: { messages: 1, per: 2d, group: all }'],
    })
    // The message of before the span counts for the cap, and is not counted.
    const late = await walked(capped, { since: now - 22 * HOUR })
    assert.deepEqual(outcomesOf(late), ['resolved skipped cap 2', 'resolved sent 1'])
    assert.equal(late.counts.events, 5)
    assert.equal(late.counts.around, 1)

    const some = await walked(capped, { type: 'ticket.*', limit: 2 })
    assert.equal(some.counts.events, 2)
    assert.deepEqual(outcomesOf(some), ['resolved sent 1', 'resolved skipped cap 1'])
    assert.equal((await walked(PRESENT, { source: 'shop' })).counts.events, 0)

    // What cancels comes after the span, while the message still waits.
    const cancelOn = `cancelOn: [{ on: crm/ticket.reopened, match: "{{ data.ticket }}" }]`
    const patient = yamlOf({ resolved: ['on: crm/ticket.resolved', 'delay: 12h', cancelOn] })
    const found = await walked(patient, { until: now - 18.5 * HOUR })
    assert.deepEqual(outcomesOf(found), ['resolved sent 2', 'resolved cancelled 1'])
    assert.equal(found.counts.events, 3)
  })

  it('keeps as many texts of a route as are asked for', async () => {
    const { samples } = await walked(PRESENT, {}, 4)
    assert.deepEqual(
      samples.map(({ eventId, rendered }) => [eventId, rendered.text]),
      [
        [ids.early, 'Hello, all is well'],
        [ids.first, 'Hello, all is well'],
        [ids.second, 'Hello, all is well'],
        [ids.other, 'Hello, for Ben'],
      ],
    )
    assert.deepEqual((await walked(PRESENT, {}, 0)).samples, [])
  })

  it('fails where a text does not render, a route does not plan or an event is not read any more', async () => {
    folder.write('broken/templates/greet.liquid', '---\nsubject: Hello\n---\nHello {{ data.nobody }}')
    const unsaid = await simulate(
      ...candidate(yamlOf({ resolved: ['on: crm/ticket.resolved'] }), 'broken/new.yaml'),
    )
    assert.equal(unsaid.code, 1)
    assert.match(unsaid.out, /^resolved +4 +failed template-error$/m)
    const [early, first, second, other] = [ids.early, ids.first, ids.second, ids.other]
    assert.match(
      unsaid.out,
      new RegExp(
        `^FAIL {6}route resolved fails, events ${early}, ${first}, ${second}, ${other}: template-error: .*data\\.nobody`,
        'm',
      ),
    )
    const { faults } = jsonOf<Walked>(await simulate('--json', '--config', `${folder.path}/broken/new.yaml`))
    assert.deepEqual(
      faults.map(({ route, events, eventIds }) => [route, events, eventIds]),
      [['resolved', 4, [early, first, second, other]]],
    )
    assert.match(faults[0]?.reason ?? '', /^template-error: .*data\.nobody/)

    const dear = `when: '"x" == data.text${' | append: data.text'.repeat(50)}'`
    const unplanned = await simulate(...candidate(yamlOf({ reopened: ['on: crm/ticket.reopened', dear] })))
    assert.equal(unplanned.code, 1)
    assert.match(unplanned.out, /^reopened +1 +unplanned$/m)
    const said = `^FAIL {6}route reopened fails, events ${ids.reopened}: could not be planned: memory`
    assert.match(unplanned.out, new RegExp(said, 'm'))

    const shopify = yamlOf({ resolved: ['on: crm/ticket.resolved'] }).replace('standard-webhooks', 'shopify')
    const unread = await simulate(...candidate(shopify))
    assert.equal(unread.code, 1)
    assert.match(unread.out, /^FAIL {6}cannot be read any more, events \d/m)
    assert.match(unread.out, /^resolved +4 +sent +not planned +rules/m)
  })

  it('events whose source is gone are counted', async () => {
    const yaml = yamlOf({ resolved: ['on: shop/ticket.resolved'] }).replace('  crm:', '  shop:')
    const found = await walked(yaml)
    assert.equal(found.counts.gone, 6)
    assert.deepEqual(outcomesOf(found), [])
    assert.deepEqual(differencesOf(found), ['news skipped no-consent →  rules 1', 'resolved sent →  rules 4'])
  })

  it('says of a source that there is none of that nothing has it', async () => {
    const said = await simulate('--source', 'NOPE')
    assert.equal(said.code, 0)
    assert.equal(
      said.err,
      'Nothing has the source NOPE, neither the configuration nor an event of the ledger. The configuration has: crm\n',
    )
    const json = await simulate('--source', 'NOPE', '--json')
    assert.equal(jsonOf<Walked>(json).counts.events, 0)
    assert.match(json.err, /^Nothing has the source NOPE/)
    // One that is gone from the configuration, and one that has been silent.
    const gone = yamlOf({ resolved: ['on: shop/ticket.resolved'] }).replace('  crm:', '  shop:')
    for (const source of ['crm', 'shop', 'cli']) {
      assert.equal((await simulate('--source', source, ...candidate(gone))).err, '')
    }
  })

  it('refuses a span that ends before it begins, and a configuration that is not right', async () => {
    const backwards = await simulate('--since', '1h', '--until', '2h')
    assert.equal(backwards.code, 2)
    assert.match(backwards.err, /--since is later than --until/)
    const wrong = await simulate(...candidate(yamlOf({ resolved: ['on: nobody/ticket.resolved'] })))
    assert.equal(wrong.code, 1)
    assert.match(wrong.err, /new\.yaml:\d+ /)
  })

  describe('with what else a ledger knows', () => {
    before(async () => {
      await ledger.suppress(['email:ben@example.com'], { channels: null, reason: 'by phone', by: 'ann' })
      ids.refused = await receive({ type: 'ticket.resolved', ago: -30 * MINUTE, email: 'ben@example.com' })
      const said = {
        mode: 'live',
        template: 'greet',
        channels: ['email'],
        findBy: ['email'],
        externalSource: null,
        requireSessionMs: null,
        expireAfterMs: DAY,
      } as const
      const campaign = { name: 'c', said, configVersion: 'c', countsIn: [], defaultCountry: null }
      const row = { line: 2, customer: { email: 'cleo@example.com' }, data: { text: 'x' } }
      const sent = planRecipient({ row, identifier: 'cleo@example.com' }, campaign, now - HOUR)
      await ledger.record([{ kind: 'event', ...sent, keepKeyForMs: DAY }])
    })

    it('refusals hold from when they were said, and what operators sent is left alone', async () => {
      const found = await walked(PRESENT, { until: now + HOUR })
      assert.deepEqual(outcomesOf(found), [
        'news skipped no-consent 1',
        'resolved sent 4',
        'resolved skipped suppressed 1',
      ])
      assert.deepEqual(found.differences, [])
      assert.equal(found.undecided, 1)
      assert.equal(found.counts.byHand, 1)
    })

    it('what was answered by Genesys, or done by an operator, is said to be so', async () => {
      const [message] = await ledger.reads.messages({ eventId: ids.second ?? 0, limit: 1 })
      assert.ok(message)
      await ledger.retry(message.id, { by: 'ann', force: true, reason: 'again' })
      const [claimed] = await claimAll(ledger)
      assert.ok(claimed)
      await ledger.conclude(claimed.lease, { state: 'failed', code: 'no-contact', reason: 'Nobody.' })
      const failed = await receive({ type: 'ticket.resolved', ago: HOUR, email: 'dan@example.com' })
      const [next] = await claimAll(ledger)
      assert.ok(next)
      await ledger.conclude(next.lease, { state: 'failed', code: 'no-contact', reason: 'Nobody.' })
      const found = await walked(PRESENT)
      assert.deepEqual(differencesOf(found), [
        'resolved failed no-contact → sent operator 1',
        'resolved failed no-contact → sent outside 1',
      ])
      assert.deepEqual(found.differences[1]?.eventIds, [failed])
    })

    it('consent that was given before the walk begins counts', async () => {
      assert.equal(config.routes.length, 2)
      const receivedAt = now - 5 * DAY
      const source = config.sources.get('crm')
      assert.ok(source)
      const data = { customer: { email: 'eve@example.com' } }
      const body = Buffer.from(
        JSON.stringify({
          type: 'customer.consent_given',
          timestamp: new Date(receivedAt).toISOString(),
          data,
        }),
      )
      const [event] = readDelivery(source, { body, rawHeaders: [], receivedAt }, 'msg_consent')
      assert.ok(event && !('reason' in event))
      await ledger.record([{ kind: 'event', event, plan: planEvent(event, config), keepKeyForMs: DAY }])
      await receive({ type: 'news', ago: 2 * HOUR, email: 'eve@example.com' })
      const found = await walked(PRESENT, { since: now - 3 * DAY })
      assert.ok(outcomesOf(found).includes('news sent 1'), outcomesOf(found).join('; '))
    })
  })
})
