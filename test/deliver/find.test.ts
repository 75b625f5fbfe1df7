import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Ask, find, type Reach } from '../../src/deliver/find.ts'
import type { Answer, Contact } from '../../src/genesys/genesys.ts'
import type { Channel, Customer, Message, Policies, Session } from '../../src/message.ts'
import { answered, NO_ANSWER, refused } from './answers.ts'
import { messageWith, NOW } from './messages.ts'

const ADA: Customer = { externalId: 'C-1', email: 'ada@example.com', phone: '+1 415 555 0101', name: 'Ada' }
const ALL: Reach = { defaultCountry: null, has: () => true }
const K1: Contact = { id: 'k-1', ids: ['k-1'] }
const SESSION: Session = { conversationId: 'conv-1', startedAt: NOW - 86_400_000 }

/** Who is known, by identifier; `asked` gathers what was asked. */
function asking(
  known: Record<string, Contact | Answer<never>>,
  session: Answer<Session | null> = answered(null),
) {
  const asked: string[] = []
  const ask: Ask = {
    async contact({ type, value }) {
      asked.push(`${type} ${value}`)
      const one = known[value] ?? null
      return { answer: one !== null && 'kind' in one ? one : answered(one), cached: false }
    },
    async session({ id }) {
      asked.push(`session ${id}`)
      return session
    },
  }
  return { ask, asked }
}

function ada(policies: Partial<Policies> = {}, more: Partial<Omit<Message, 'policies'>> = {}): Message {
  const channels = policies.channels ?? ['webmessaging', 'email']
  return messageWith({
    customer: ADA,
    channel: channels[0] as Channel,
    ...more,
    policies: { ...policies, channels },
  })
}

describe('find: the contact', () => {
  it('asks in the order of findBy and stops at the first contact', async () => {
    const { ask, asked } = asking({ 'ada@example.com': K1 })
    const found = await find(ada(), ALL, ask)
    assert.deepEqual(asked, ['ExternalId C-1', 'Email ada@example.com'])
    assert.deepEqual(found, {
      kind: 'target',
      target: {
        channel: 'webmessaging',
        contact: { ...K1, foundBy: 'email', cached: false },
        address: null,
        session: null,
      },
    })
  })

  it('passes over an identifier that Genesys finds fault with', async () => {
    const { ask } = asking({ 'C-1': refused(422), 'ada@example.com': K1 })
    const found = await find(ada(), ALL, ask)
    assert.ok(found.kind === 'target' && found.target.channel === 'webmessaging')
  })

  it('never takes trouble for "nobody"', async () => {
    const troubles = [
      refused(503),
      refused(429),
      refused(403, { code: 'missing.permissions' }),
      refused(401),
      NO_ANSWER,
    ]
    for (const trouble of troubles) {
      const { ask, asked } = asking({ 'C-1': trouble as Answer<never> })
      assert.equal((await find(ada(), ALL, ask)).kind, 'trouble')
      assert.equal(asked.length, 1)
    }
  })

  it('spends no call on what cannot be an identifier', async () => {
    const { ask, asked } = asking({})
    const message = ada({ channels: ['webmessaging'] }, { customer: { phone: '0415 555' } })
    const found = await find(message, ALL, ask)
    assert.deepEqual(asked, [])
    assert.ok(found.kind === 'nobody' && /no country code/.test(found.reason))
  })

  it('understands a number of the default country, and prefixes', async () => {
    const { ask, asked } = asking({})
    const customer = { phone: 'tel:0171 1234567', email: 'email:ada@example.com' }
    await find(ada({ channels: ['webmessaging'] }, { customer }), { ...ALL, defaultCountry: 'DE' }, ask)
    assert.deepEqual(asked, ['Email ada@example.com', 'Phone +491711234567'])
  })
})

describe('find: the ladder', () => {
  it('takes the next channel where there is no contact', async () => {
    const { ask, asked } = asking({})
    const found = await find(ada(), ALL, ask)
    assert.deepEqual(asked, ['ExternalId C-1', 'Email ada@example.com', 'Phone +14155550101'])
    assert.ok(found.kind === 'target')
    assert.deepEqual([found.target.channel, found.target.address], ['email', 'ada@example.com'])
  })

  it('asks nothing of Genesys for channels that need an address alone', async () => {
    for (const [channel, to] of [
      ['sms', '+14155550101'],
      ['whatsapp', '14155550101'],
      ['open', 'C-1'],
      ['email', 'ada@example.com'],
    ] as const) {
      const { ask, asked } = asking({ 'C-1': K1 })
      const found = await find(ada({ channels: [channel, 'webmessaging'] }), ALL, ask)
      assert.ok(found.kind === 'target')
      assert.deepEqual([found.target.channel, found.target.address, asked], [channel, to, []])
    }
  })

  it('passes a bad address by, and where no channel is left names its fault and not its value', async () => {
    const { ask } = asking({ 'C-1': K1 })
    const customer = { ...ADA, phone: '0171 1234567' }
    const next = await find(ada({ channels: ['sms', 'webmessaging'] }, { customer }), ALL, ask)
    assert.ok(next.kind === 'target' && next.target.channel === 'webmessaging')
    const last = await find(ada({ channels: ['sms'] }, { customer }), ALL, ask)
    assert.ok(last.kind === 'nobody')
    assert.deepEqual([last.state, last.code], ['failed', 'bad-address'])
    assert.match(last.reason, /sms: the phone number has no country code.*re-trigger/)
    assert.doesNotMatch(last.reason, /0171/)
  })

  it('begins at the channel that the message is at', async () => {
    const { ask, asked } = asking({ 'C-1': K1 })
    const found = await find(
      ada({ channels: ['webmessaging', 'email', 'sms'] }, { channel: 'email' }),
      ALL,
      ask,
    )
    assert.ok(found.kind === 'target' && found.target.channel === 'email')
    assert.deepEqual(asked, [])
  })

  it('says of every channel what was looked for, but not its value', async () => {
    const { ask } = asking({})
    const customer = { externalId: 'C-1', email: 'nobody' }
    const found = await find(ada({ channels: ['webmessaging', 'sms', 'email'] }, { customer }), ALL, ask)
    assert.ok(found.kind === 'nobody')
    assert.match(
      found.reason,
      /webmessaging: no contact.*; sms: the event names no phone.*; email: the email address is not one/,
    )
    assert.doesNotMatch(found.reason, /C-1|nobody/)
  })

  it('a channel that the configuration has lost is named', async () => {
    const { ask } = asking({})
    const found = await find(ada({ channels: ['sms'] }), { ...ALL, has: () => false }, ask)
    assert.ok(found.kind === 'nobody' && found.code === 'no-channel')
    assert.match(found.reason, /genesys\.sms/)
  })
})

describe('find: requireSession', () => {
  const DAYS_30 = 30 * 86_400_000
  it('keeps the session that was found, on every channel', async () => {
    for (const channels of [['webmessaging'], ['email'], ['sms']] as const) {
      const { ask, asked } = asking({ 'C-1': K1 }, answered(SESSION))
      const found = await find(ada({ channels, requireSessionMs: DAYS_30 }), ALL, ask)
      assert.ok(found.kind === 'target')
      assert.deepEqual(found.target.session, SESSION)
      assert.equal(found.target.contact?.id, 'k-1')
      assert.deepEqual(asked, ['ExternalId C-1', 'session k-1'])
    }
  })

  it('without one, or without a contact, nothing is sent on any channel', async () => {
    for (const known of [{ 'C-1': K1 }, {}]) {
      const { ask } = asking(known)
      const found = await find(ada({ requireSessionMs: DAYS_30 }), ALL, ask)
      assert.ok(found.kind === 'nobody')
      assert.deepEqual([found.state, found.code], ['skipped', 'no-session'])
      assert.match(found.reason, /requireSession/)
    }
  })

  it('does not ask where no channel reaches the customer anyway', async () => {
    const { ask, asked } = asking({ 'C-1': K1 }, answered(SESSION))
    const found = await find(
      ada({ channels: ['sms'], requireSessionMs: DAYS_30 }, { customer: { externalId: 'C-1' } }),
      ALL,
      ask,
    )
    assert.ok(found.kind === 'nobody' && found.code === 'no-address')
    assert.deepEqual(asked, [])
  })

  it('trouble is neither yes nor no', async () => {
    const { ask } = asking({ 'C-1': K1 }, refused(503))
    const found = await find(ada({ requireSessionMs: DAYS_30 }), ALL, ask)
    assert.ok(found.kind === 'trouble')
    assert.match(found.question, /session/)
  })
})
