import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { listEvents, showEvent } from '../../src/commands/events.ts'
import { listMessages, showMessage } from '../../src/commands/messages.ts'
import type { Terminal } from '../../src/commands/output.ts'
import { createLog } from '../../src/log.ts'
import { cookieOf, type Ops, SAME, startOps } from './live.ts'
import { end, take } from './seed.ts'

const ESC = '\u001b'
/** Turns around what is read after it, and pretends to be another file type, another address. */
const RIGHT_TO_LEFT = '\u202e'
const SCRIPT = '<script>alert(1)</script>'
const HOSTILE = {
  script: SCRIPT,
  attribute: `" autofocus onfocus="alert(1)" x="`,
  image: `<img src=x onerror=alert(1)>`,
  htmx: `<div hx-get="https://evil.example/" hx-trigger="load">`,
  output: '{{ 7 | times: 6 }}{% raw %}',
  include: "{% include '/etc/passwd' %}{% render 'login' %}",
  link: 'javascript:alert(1)',
  entity: '&lt;script&gt;&amp;#60;',
  terminal: `${ESC}[2J${ESC}]0;owned\u0007${ESC}[31m red ${ESC}[8m hidden`,
  lines: 'first\r\nHTTP/1.1 200 OK\r\nSet-Cookie: x=y\r\n',
  turned: `${RIGHT_TO_LEFT}gnp.exe \u2066\u200f`,
  nul: 'a\u0000b',
  lone: 'a\ud800b',
  long: `L${'o'.repeat(1024 * 1024 - 20_000)}ng`,
} as const

/** What the log colours a level with. */
const COLOUR = new RegExp(`${ESC}\\[\\d\\dm`, 'g')

/** Nothing in it moves a cursor, or turns what is read around. */
function assertStill(shown: string, what: string): void {
  assert.doesNotMatch(shown.replaceAll(/[\n\t]/g, ''), /[\p{Cc}\p{Bidi_Control}]/u, what)
}

/** What would be obeyed, and not read, in a page that shows it. */
function assertHarmless(html: string, what: string): void {
  const tags = html.match(/<(script|img|iframe|div|object|embed|base|form|style)\b[^>]*>/gi) ?? []
  for (const tag of tags.map((one) => one.replace(/ hx-get="\/console\/[^"]*"/, ''))) {
    assert.doesNotMatch(
      tag,
      /alert|onerror|onfocus|evil\.example|javascript:/i,
      `${what}: ${tag.slice(0, 200)}`,
    )
  }
  assert.doesNotMatch(html, /<script(?! src="\/console\/assets\/)/, what)
  assert.doesNotMatch(html, /(href|src|action|hx-get)="(javascript|data|https?:)/i, what)
  assertStill(html, what)
  // Ours are evaluated, theirs are text.
  assert.ok(!html.includes('42{%') && !html.includes('root:x:'), what)
}

describe('hostile payloads', () => {
  let ops: Ops
  let cookie: string
  before(async () => {
    ops = await startOps()
    await ops.add('ann', 'admin')
    cookie = cookieOf(await ops.logIn('ann'))
    for (const [name, value] of Object.entries(HOSTILE)) {
      const short = value.slice(0, 2_000)
      const customer = {
        id: `${name} ${short}`,
        name: short,
        email: `${short}@example.com`,
        locale: short,
        timezone: short,
      }
      await take(ops, {
        key: `${name} ${short}`.slice(0, 200),
        ticket: value,
        customer,
        data: { [short]: value },
      })
    }
    for (const outcome of ['sent', 'failed', 'unconfirmed'] as const)
      await end(ops, outcome, Object.values(HOSTILE).join('\n').slice(0, 90_000))
    // Types of which no route hears, and what is no JSON at all.
    await take(ops, { type: `${SCRIPT}${ESC}[2J${RIGHT_TO_LEFT}`, key: 'msg_type' })
    await take(ops, { body: `${SCRIPT}${ESC}[2J${RIGHT_TO_LEFT}{{ 7 | times: 6 }}`, key: 'msg_unreadable' })
    await ops.ledger.pause({
      scope: 'all',
      name: null,
      code: 'operator',
      reason: Object.values(HOSTILE).join(' ').slice(0, 500),
      forMs: null,
      probes: 0,
      by: SCRIPT,
    })
    await ops.ledger.suppress(['email:x@example.com'], {
      channels: null,
      reason: `${SCRIPT}${ESC}[2J`,
      by: SCRIPT,
    })
    await ops.ledger.retry(2, { by: SCRIPT, force: false, reason: `${SCRIPT}${RIGHT_TO_LEFT}${ESC}[2J` })
  })
  after(() => ops.stop())

  const get = (path: string) => ops.ask(`/console${path}`, { headers: { cookie } })
  const post = (path: string, fields: Record<string, string>) =>
    ops.ask(`/console${path}`, {
      method: 'POST',
      headers: { ...SAME, cookie, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    })

  it('are shown harmlessly on every page', async () => {
    const events = await ops.ledger.reads.events({ limit: 100 })
    const messages = await ops.ledger.reads.messages({ limit: 100 })
    assert.ok(events.length >= Object.keys(HOSTILE).length && messages.length > 3)
    const paths = [
      '/',
      '/events',
      '/messages',
      '/pauses',
      '/suppressions',
      '/audit',
      '/runs',
      ...events.map(({ id }) => `/events/${id}`),
      ...events.map(({ id }) => `/routes/greet?event=${id}`),
      ...events.map(
        ({ id }) => `/routes/greet?event=${id}&channel=email&locale=${encodeURIComponent(SCRIPT)}`,
      ),
      ...messages.map(({ id }) => `/messages/${id}`),
    ]
    for (const path of paths) {
      const { status, body } = await get(path)
      assert.equal(status, 200, path)
      assertHarmless(body, path)
      assert.ok(body.length < 300_000, `${path} has ${body.length} characters`)
    }
  })

  it('are shown harmlessly where they are typed', async () => {
    for (const value of Object.values(HOSTILE).map((one) => one.slice(0, 150))) {
      const query = new URLSearchParams({
        source: value,
        route: value,
        type: value,
        reason: value,
        since: value,
        state: value,
      })
      for (const path of [
        `/events?${query}`,
        `/messages?${query}`,
        `/audit?${new URLSearchParams({ by: value, action: value })}`,
        `/routes/${encodeURIComponent(value.toWellFormed())}`,
        `/sources/${encodeURIComponent(value.toWellFormed())}`,
      ]) {
        assertHarmless((await get(path)).body, path)
      }
      assertHarmless((await post('/search', { text: value })).body, 'search')
      assertHarmless((await post('/messages', { email: value })).body, 'messages')
      assertHarmless((await post('/messages/plan', { reason: value })).body, 'plan')
      assertHarmless(
        (await post('/suppressions', { do: 'check', email: value, externalId: value })).body,
        'suppressions',
      )
      assertHarmless((await post('/pauses', { what: value, reason: value, for: value })).body, 'pauses')
    }
  })

  it('move no cursor and turn no line in a terminal', async () => {
    const messages = await ops.ledger.reads.messages({ limit: 100 })
    const events = await ops.ledger.reads.events({ limit: 100 })
    const printed = async (work: (terminal: Terminal) => Promise<unknown>) => {
      const out = new PassThrough()
      const said = text(out)
      await work({ out, err: out })
      out.end()
      return said
    }
    for (const json of [false, true]) {
      const all = [
        await printed((terminal) => listEvents(ops.ledger, { limit: 100 }, json, terminal)),
        await printed((terminal) => listMessages(ops.ledger, { limit: 100 }, json, terminal)),
      ]
      for (const { id } of events)
        all.push(await printed((terminal) => showEvent(ops.ledger, id, json, terminal)))
      for (const { id } of messages)
        all.push(await printed((terminal) => showMessage(ops.ledger, id, json, terminal)))
      for (const one of all) {
        assertStill(one, 'a command')
      }
    }
  })

  it('stay on one line of a log, which says nothing of them', async () => {
    const stream = new PassThrough()
    const said = text(stream)
    const log = createLog({ level: 'info', pretty: true, stream, secrets: [] })
    for (const value of Object.values(HOSTILE))
      log.warn('a delivery was refused', { source: 'crm', reason: value.slice(0, 5_000) })
    stream.end()
    const lines = (await said).trimEnd().split('\n')
    assert.equal(lines.length, Object.keys(HOSTILE).length)
    for (const line of lines) {
      assertStill(line.replaceAll(COLOUR, ''), 'the log')
    }
  })
})
