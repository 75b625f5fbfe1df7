import type { RequestHandler } from 'express'
import { Liquid } from 'liquidjs'
import type { Org, SandboxMessage } from './operations.ts'

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="3">
<title>Sandbox: what the customers see</title>
<style>
:root { color-scheme: light dark; --ground: #f4f5f7; --card: #fff; --ink: #1b2230; --soft: #626c7e; --line: #dfe3ea; --bubble: #e4ecfb; --accent: #2456b8; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171d; --card: #1d222b; --ink: #e8ebf1; --soft: #9aa5b8; --line: #2e3542; --bubble: #263a5e; --accent: #8db3ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.45 system-ui, sans-serif; }
header { padding: 1.2rem 1.5rem .4rem; }
h1 { font-size: 1.3rem; margin: 0 0 .2rem; }
.note { color: var(--soft); margin: 0; }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); padding: 1rem 1.5rem 2rem; align-items: start; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; }
h2 { font-size: 1rem; margin: 0; padding: .7rem 1rem; border-bottom: 1px solid var(--line); display: flex; justify-content: space-between; gap: 1rem; }
h2 small { color: var(--soft); font-weight: normal; }
.empty { color: var(--soft); padding: .8rem 1rem; margin: 0; }
ol { list-style: none; margin: 0; padding: .8rem 1rem; display: grid; gap: .7rem; }
li p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.bubble { background: var(--bubble); border-radius: 4px 14px 14px 14px; padding: .6rem .8rem; justify-self: start; max-width: 92%; }
.mail { border: 1px solid var(--line); border-left: 4px solid var(--accent); border-radius: 6px; padding: .6rem .8rem; }
.mail b { display: block; margin-bottom: .25rem; }
time { color: var(--soft); font-size: .8rem; display: block; margin-top: .25rem; }
</style>
</head>
<body>
<header>
<h1>Sandbox: what the customers see</h1>
<p class="note">A stand-in for Genesys Cloud. Nothing leaves it: {{ accepted }} {% if accepted == 1 %}message{% else %}messages{% endif %} accepted, none delivered to anybody.</p>
</header>
<main>
{%- for customer in customers %}
<section>
<h2>{{ customer.name }} <small>{{ customer.kind }}</small></h2>
{%- if customer.messages.size == 0 %}<p class="empty">No message yet.</p>
{%- else %}
<ol>
{%- for message in customer.messages %}
<li class="{% if message.channel == 'email' %}mail{% else %}bubble{% endif %}">
{%- if message.subject %}<b>{{ message.subject }}</b>{% endif %}<p>{{ message.text }}</p><time datetime="{{ message.iso }}">{{ message.time }} · {{ message.channel }}</time></li>
{%- endfor %}
</ol>
{%- endif %}
</section>
{%- endfor %}
</main>
</body>
</html>
`

/** Enough to look at; the control API has all. */
const SHOWN_CUSTOMERS = 60
const SHOWN_MESSAGES = 20

/** `GET /`: each customer's conversation as the messenger would show it, and their mail. */
export function createPage(org: Org): RequestHandler {
  const liquid = new Liquid({ outputEscape: 'escape', ownPropertyOnly: true })
  const template = liquid.parse(PAGE)
  return async (_request, response) => {
    const html = await liquid.render(template, { accepted: org.accepted.count, customers: customersOf(org) })
    response
      .set(
        'Content-Security-Policy',
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      )
      .set('X-Content-Type-Options', 'nosniff')
      .type('html')
      .send(html)
  }
}

function customersOf(org: Org) {
  const mails = Map.groupBy(
    org.messages.filter(({ contactId }) => contactId === ''),
    ({ to }) => to,
  )
  const contacts = org.directory.all().filter(({ canonicalId }) => canonicalId === undefined)
  const known = contacts.map((contact) => {
    const own = org.messages.filter(
      ({ contactId, to }) => contactId === contact.id || contact.emails.includes(to),
    )
    return {
      name: contact.name,
      kind: contact.externalId ?? 'no externalId',
      messages: own.map(shown).slice(-SHOWN_MESSAGES),
    }
  })
  const addresses = new Set(contacts.flatMap(({ emails }) => emails))
  const strangers = [...mails]
    .filter(([to]) => !addresses.has(to))
    .map(([to, messages]) => ({
      name: to,
      kind: 'no contact',
      messages: messages.map(shown).slice(-SHOWN_MESSAGES),
    }))
  return [...known, ...strangers]
    .sort((a, b) => Number(b.messages.length > 0) - Number(a.messages.length > 0))
    .slice(0, SHOWN_CUSTOMERS)
}

function shown({ channel, subject, text, at }: SandboxMessage) {
  const iso = new Date(at).toISOString()
  return { channel, subject, text, iso, time: iso.slice(11, 19) }
}
