import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { createGenesys } from '../../src/genesys/client.ts'
import { checkAccess } from '../../src/genesys/doctor.ts'
import type { Genesys } from '../../src/genesys/genesys.ts'
import { DEPLOYMENT, EXTERNAL_SOURCE } from '../../src/sandbox/directory.ts'
import { SANDBOX_CLIENT } from '../../src/sandbox/sandbox.ts'
import { ADA, EVE_ACTIVE, type Live, startLive } from './live.ts'

const mail = {
  from: { email: 'care@demo.example', name: 'Demo Care' },
  replyTo: { email: 'answers@demo.example' },
  to: { email: 'ada@example.com', name: 'Ada Example' },
  subject: 'Your order',
  text: 'It is on its way.',
  html: '<p>It is on its way.</p>',
}
const message = { channel: 'webmessaging', deploymentId: DEPLOYMENT, contactId: ADA, text: 'Hello' } as const

describe('the sandbox as the SDK meets it', () => {
  let live: Live
  let genesys: Genesys
  before(async () => {
    live = await startLive({ tokenLifeMs: 3_600_000 })
    genesys = createGenesys({
      region: 'mypurecloud.com',
      gatewayUrl: live.sandbox.url,
      ...SANDBOX_CLIENT,
      clock: live.clock,
      pace: async () => {},
    })
  })

  it('takes everything that Postrider sends', async () => {
    const found = await genesys.findContact({
      type: 'ExternalId',
      value: 'C-1006',
      externalSource: EXTERNAL_SOURCE,
    })
    assert.deepEqual(found.kind === 'ok' && found.value, { id: ADA }, 'the canonical contact')
    const sent = await genesys.sendMessage(message)
    const mailed = await genesys.sendEmail(mail)
    const plain = await genesys.sendEmail({ ...mail, replyTo: null, html: null })
    const messages = live.sandbox.messages()
    assert.deepEqual(
      [sent, mailed, plain].map((answer) => answer.kind === 'ok' && answer.value),
      messages.map(({ id, conversationId }) => ({ messageId: id, conversationId })),
    )
    assert.deepEqual(
      messages.map(({ channel, contactId, to, text, html }) => [channel, contactId, to, text, html]),
      [
        ['webmessaging', ADA, '', 'Hello', null],
        ['email', '', 'ada@example.com', mail.text, mail.html],
        ['email', '', 'ada@example.com', mail.text, null],
      ],
    )
    assert.deepEqual(sent.kind === 'ok' && sent.budget, { allowed: 300, count: 2, resetMs: 60_000 })
    assert.match((sent.kind === 'ok' && sent.correlationId) || '', /^[\da-f-]{36}$/)
  })

  it('answers refusals as the client reads them', async () => {
    const active = await genesys.sendMessage({ ...message, contactId: EVE_ACTIVE })
    assert.deepEqual(active.kind === 'refused' && [active.status, active.code, active.message], [
      409,
      'conflict',
      'An active conversation is already in progress',
    ])
    const long = await genesys.sendMessage({ ...message, text: 'a'.repeat(2001) })
    assert.deepEqual(long.kind === 'refused' && [long.status, long.code], [400, 'bad.request'])
    const nobody = await genesys.findContact({ type: 'Email', value: 'nobody@example.com' })
    assert.deepEqual(nobody.kind === 'ok' && nobody.value, null)
    const limited = live.sandbox.fault({ status: 429, retryAfter: 40, times: 1 })
    assert.equal(limited, undefined)
    const slower = await genesys.sendMessage(message)
    assert.deepEqual(slower.kind === 'refused' && slower.retryAfterMs, 40_000)
  })

  it('lets the client log in again when its token is over or revoked', async () => {
    await live.clock.advance(3_600_000)
    assert.equal((await genesys.sendMessage(message)).kind, 'ok')
    live.sandbox.revokeTokens()
    assert.equal((await genesys.sendMessage(message)).kind, 'ok')
  })

  it('satisfies the doctor, and tells it what is missing', async () => {
    const inUse = {
      externalSources: [EXTERNAL_SOURCE],
      webmessaging: { deploymentId: DEPLOYMENT },
      email: mail.from,
    }
    const well = await checkAccess(genesys, inUse)
    assert.deepEqual(
      well.filter(({ ok }) => !ok),
      [],
    )
    live.sandbox.setMissingPermissions([
      'conversation:message:create',
      'conversation:email:create',
      'conversation:agentlessEmail:send',
    ])
    const findings = await checkAccess(genesys, { ...inUse, webmessaging: { deploymentId: 'unknown' } })
    live.sandbox.setMissingPermissions([])
    assert.deepEqual(
      findings.filter(({ ok }) => !ok).map(({ name }) => name),
      ['send web messages', 'messenger deployment', 'send emails'],
    )
  })
})
