import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { BRUNO, EMAIL, EVE_ACTIVE, email, type Live, MESSAGE, startLive, webMessage } from './live.ts'

const MINUTE = 60_000
const HOSTILE = `<script>alert(1)</script><img src=x onerror="alert(2)">&amp; 'quoted' {{ 7 | times: 6 }}`
const ESCAPED =
  '&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&#34;alert(2)&#34;&gt;&amp;amp; &#39;quoted&#39; {{ 7 | times: 6 }}'

async function addContact(live: Live, contact: Readonly<Record<string, unknown>>) {
  assert.equal((await live.control('/contacts', contact)).status, 201)
}

/** Each customer's part of the page by their name. */
function conversations(html: string): Map<string, string> {
  const sections = html.split('<section ').slice(1)
  return new Map(sections.map((section) => [/<h2[^>]*>([^<]*)<\/h2>/.exec(section)?.[1] ?? '', section]))
}

/** What stands in the elements of one class, in order. */
function texts(html: string, pattern: RegExp): string[] {
  return [...html.matchAll(pattern)].map(([, text = '']) => text)
}

describe('the page', () => {
  it('shows each conversation as the customer sees it: who, when, over which channel, what', async () => {
    const live = await startLive()
    await live.post(MESSAGE, { ...webMessage, textBody: 'Your ticket is resolved.\nJust answer here.' })
    await live.clock.advance(90 * MINUTE)
    await live.post(EMAIL, { ...email, toAddresses: [{ email: 'Ada@Example.com' }] })
    await live.post(MESSAGE, {
      fromAddress: '+13175550100',
      toAddressMessengerType: 'sms',
      toAddress: '+4930901820102',
      textBody: 'See you at 10.',
    })
    await live.post(EMAIL, { ...email, toAddresses: [{ email: 'nobody@else.example' }], subject: undefined })

    const page = await live.ask('/')
    assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
    assert.match(page.text, /4 messages accepted; nothing leaves it/)
    const byName = conversations(page.text)
    assert.deepEqual([...byName.keys()].sort(), [
      'Ada Example',
      'Bruno Beispiel',
      'No message yet',
      'nobody@else.example',
    ])

    const ada = byName.get('Ada Example') ?? ''
    assert.match(ada, /C-1001 · ada@example\.com/)
    assert.deepEqual(texts(ada, /<p class="from">(.*)<\/p>/g), [
      '<b>Ada Example</b> · Web messenger',
      '<b>Your business</b> · Web messenger',
      '<b>Demo Care</b> · Email',
    ])
    assert.deepEqual(texts(ada, /<p class="(?:bubble )?text" dir="auto">([^<]*)</g), [
      'Hello, can you help me with my order?',
      'Your ticket is resolved.\nJust answer here.',
      'It is on its way.',
    ])
    assert.deepEqual(texts(ada, /<h3 dir="auto">([^<]*)</g), ['Your order'])
    assert.deepEqual(texts(ada, /<time [^>]*>([^<]*)</g), ['09:00', '09:00', '10:30'])
    assert.deepEqual(texts(ada, /datetime="([^"]*)"/g), [
      '2026-11-19T09:00:00.000Z',
      '2026-11-23T09:00:00.000Z',
      '2026-11-23T10:30:00.000Z',
    ])

    assert.match(byName.get('Bruno Beispiel') ?? '', /SMS.*See you at 10\./s)
    assert.match(byName.get('nobody@else.example') ?? '', /no contact.*\(no subject\)/s)
    assert.match(byName.get('No message yet') ?? '', /Eve Active · C-1005[^\n]*talking to an agent now/)
  })

  it('shows where conversations began, who began them, and who wrote what', async () => {
    const live = await startLive()
    const now = live.clock.now()
    live.sandbox.addConversation({
      contactId: BRUNO,
      startedAt: now - 10 * MINUTE,
      active: true,
      messages: [
        { text: 'Is somebody there?', at: now - 9 * MINUTE },
        { text: 'Yes, I am.', by: 'agent', at: now - 8 * MINUTE },
      ],
    })
    await live.post(MESSAGE, { ...webMessage, externalContactId: BRUNO, useExistingActiveConversation: true })
    await live.post(MESSAGE, webMessage)
    const byName = conversations((await live.ask('/')).text)
    const bruno = byName.get('Bruno Beispiel') ?? ''
    assert.match(bruno, /talking to an agent now/)
    assert.deepEqual(texts(bruno, /<li class="talk">([^<]*)/g), [
      'Web messenger · Conversation begun by the customer, ended 14 November 2026, 09:00',
      'Web messenger · Conversation begun by the customer, active now',
    ])
    assert.deepEqual(texts(bruno, /<p class="from"><b>([^<]*)/g), [
      'Bruno Beispiel',
      'Bruno Beispiel',
      'An agent',
      'Your business',
    ])
    assert.equal(texts(bruno, /<li class="message( theirs)"/g).length, 2)
    assert.deepEqual(texts(byName.get('Ada Example') ?? '', /<li class="talk">([^<]*)/g), [
      'Web messenger · Conversation begun by the customer, ended 19 November 2026, 09:00',
      'Web messenger · Conversation begun by your business',
    ])
  })

  it('says of those who were not written to when they last wrote, and who never did', async () => {
    const live = await startLive()
    const quiet = conversations((await live.ask('/')).text).get('No message yet') ?? ''
    assert.match(
      quiet,
      /<li>Bruno Beispiel · C-1002 · bruno@example\.com · last wrote to you 14 November 2026<\/li>/,
    )
    assert.match(quiet, /<li>Dora Ejemplo · dora@example\.com<\/li>/)
  })

  it('shows a message to a merged contact with the canonical one', async () => {
    const live = await startLive()
    await live.post(MESSAGE, { ...webMessage, externalContactId: '5d3c7a10-1f6e-4b0a-8c55-000000001006' })
    const byName = conversations((await live.ask('/')).text)
    assert.match(byName.get('Ada Example') ?? '', /Your ticket is resolved\./)
    assert.equal(byName.size, 2, 'nobody else was written to')
  })

  it('escapes everything that somebody else wrote', async () => {
    const live = await startLive()
    await addContact(live, { id: 'k-<i>', name: HOSTILE, externalId: '<b>7</b>', emails: ['<x@y.z>'] })
    await live.post(MESSAGE, { ...webMessage, externalContactId: 'k-<i>', textBody: HOSTILE })
    await live.post(EMAIL, {
      ...email,
      fromAddress: { email: 'care@demo.example', name: HOSTILE },
      toAddresses: [{ email: '<u>@x.y' }],
      subject: HOSTILE,
      textBody: HOSTILE,
      htmlBody: HOSTILE,
    })
    const { text: html } = await live.ask('/')
    assert.doesNotMatch(html, /<(script|img|i>|b>7|u>|x@)/)
    // Name, text; then sender, subject, text and HTML of the email.
    assert.equal(html.split(ESCAPED).length - 1, 6)
    assert.match(html, /&lt;b&gt;7&lt;\/b&gt; · &lt;x@y\.z&gt;/)
    assert.match(html, /<h2[^>]*>&lt;u&gt;@x\.y<\/h2>/)
  })

  it('shows an email that has HTML only, as its source', async () => {
    const live = await startLive()
    await live.post(EMAIL, { ...email, textBody: undefined, htmlBody: '<p>Hello</p>' })
    const { text: html } = await live.ask('/')
    assert.match(html, /This email has HTML only\..*<pre>&lt;p&gt;Hello&lt;\/p&gt;<\/pre>/s)
  })

  it('puts who was written to last first, names the days, and says how much it leaves out', async () => {
    const live = await startLive()
    const authorization = async () => ({ authorization: `Bearer ${(await live.logIn()).body.access_token}` })
    for (let n = 1; n <= 22; n += 1) await live.post(MESSAGE, { ...webMessage, textBody: `Number ${n}.` })
    await live.clock.advance(2 * 24 * 60 * MINUTE)
    const toEve = { ...webMessage, externalContactId: EVE_ACTIVE, useExistingActiveConversation: true }
    await live.post(MESSAGE, toEve, await authorization())
    const byName = conversations((await live.ask('/')).text)
    assert.deepEqual([...byName.keys()], ['Eve Active', 'Ada Example', 'No message yet'])
    // The agent's conversation with her began two days ago; the message went into it.
    assert.deepEqual(texts(byName.get('Eve Active') ?? '', /<li class="day">([^<]*)/g), [
      '23 November 2026',
      'Today',
    ])
    const ada = byName.get('Ada Example') ?? ''
    assert.deepEqual(texts(ada, /<li class="day">([^<]*)/g), ['23 November 2026'])
    // Two of these, and what she wrote herself before.
    assert.match(ada, /3 older not shown/)
    assert.doesNotMatch(ada, /Number 2\./)
    assert.match(ada, /Number 3\..*Number 22\./s)
  })

  it('allows itself nothing but its own style, and is kept by nobody', async () => {
    const live = await startLive()
    const { headers, text: html } = await live.ask('/')
    const style = /<style>(.*)<\/style>/s.exec(html)?.[1] ?? ''
    const hash = createHash('sha256').update(style).digest('base64')
    assert.equal(
      headers.get('content-security-policy'),
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.doesNotMatch(html, /<script|<link|<img|style="|src=|https?:\/\//)
  })

  it('looks again by itself, and stops where asked to', async () => {
    const live = await startLive()
    assert.match((await live.ask('/')).text, /http-equiv="refresh".*href="\/\?refresh=off"/s)
    const still = (await live.ask('/?refresh=off')).text
    assert.doesNotMatch(still, /http-equiv="refresh"/)
    assert.match(still, /href="\/"/)
  })
})
