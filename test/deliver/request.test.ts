import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Config } from '../../src/config/config.ts'
import { requestOf } from '../../src/deliver/request.ts'
import { messageWith } from './messages.ts'

const EMAIL = { from: { email: 'care@example.com', name: 'Care' }, replyTo: null }
const GENESYS = {
  webmessaging: null,
  sms: null,
  open: null,
  whatsapp: null,
  email: EMAIL,
} as unknown as Config['genesys']
const TARGET = { channel: 'email', contact: null, address: 'ann@example.com', session: null } as const
const RENDERED = { channel: 'email', text: 'Hello', subject: 'Hi', templateVersion: 'hi.liquid@1' } as const

describe('the recipient of an email', () => {
  const to = (name?: string) => {
    const message = messageWith({ customer: name === undefined ? {} : { name } })
    const request = requestOf(TARGET, RENDERED, message, GENESYS)
    assert.ok(request.kind === 'email')
    return request.email.to
  }

  it('is named as the event does, without what a stranger could make of it', () => {
    assert.deepEqual(to('Ann Example'), { email: 'ann@example.com', name: 'Ann Example' })
    assert.deepEqual(to('Ann\r\nBcc: all  https://evil.example'), {
      email: 'ann@example.com',
      name: 'Ann Bcc: all',
    })
  })

  it('has no name where nothing is left of it, or none was given', () => {
    assert.deepEqual(to('https://evil.example'), { email: 'ann@example.com' })
    assert.deepEqual(to(), { email: 'ann@example.com' })
  })
})
