/** The page's look. Nothing is fetched from anywhere, and nothing runs in it. */
export const STYLE = `
:root { color-scheme: light dark; --ground: #e9edf3; --card: #fff; --thread: #f6f8fb; --ink: #1a2130; --soft: #566073; --line: #d8dee8; --bubble: #dfe9fc; --accent: #1d4fae; --on-accent: #fff; --mail: #fff; --busy: #8a3d00; }
@media (prefers-color-scheme: dark) { :root { --ground: #10131a; --card: #1b2029; --thread: #151a22; --ink: #e9edf5; --soft: #a3aec2; --line: #313949; --bubble: #24406f; --accent: #9cc0ff; --on-accent: #0e1a30; --mail: #202733; --busy: #ffb579; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.45 system-ui, -apple-system, "Segoe UI", sans-serif; }
a { color: var(--accent); }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
header { padding: 1.25rem clamp(1rem, 3vw, 2rem) 0; max-width: 90rem; margin: 0 auto; }
h1 { font-size: 1.35rem; line-height: 1.2; margin: 0 0 .35rem; }
header p { color: var(--soft); margin: 0; max-width: 70ch; }
main { columns: 21rem; column-gap: 1.25rem; padding: 1.25rem clamp(1rem, 3vw, 2rem) 2.5rem; max-width: 90rem; margin: 0 auto; }
.phone { background: var(--card); border: 1px solid var(--line); border-radius: 18px; overflow: hidden; break-inside: avoid; margin-bottom: 1.25rem; }
.bar { display: flex; gap: .75rem; align-items: center; padding: .75rem 1rem; border-bottom: 1px solid var(--line); }
.bar div { min-width: 0; }
h2 { font-size: 1.05rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
.bar p { margin: 0; color: var(--soft); font-size: .85rem; overflow-wrap: anywhere; }
.face { flex: none; width: 2.5rem; height: 2.5rem; border-radius: 50%; display: grid; place-items: center; background: var(--accent); color: var(--on-accent); font-weight: 600; }
.busy { color: var(--busy); font-weight: 600; }
.thread { background: var(--thread); list-style: none; margin: 0; padding: 1rem; display: grid; gap: .9rem; }
.day, .older, .talk { justify-self: center; color: var(--soft); font-size: .8rem; text-align: center; }
.talk { border-top: 1px solid var(--line); padding-top: .4rem; }
.from { margin: 0 0 .2rem .2rem; color: var(--soft); font-size: .8rem; overflow-wrap: anywhere; }
.from b { color: var(--ink); font-weight: 600; }
.text { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.message { justify-self: start; max-width: 88%; min-width: 0; }
.bubble { background: var(--bubble); border-radius: 4px 18px 18px 18px; padding: .6rem .85rem; }
.theirs { justify-self: end; }
.theirs .bubble { background: var(--accent); color: var(--on-accent); border-radius: 18px 4px 18px 18px; }
.mail { justify-self: stretch; max-width: none; }
.letter { background: var(--mail); border: 1px solid var(--line); border-left: 4px solid var(--accent); border-radius: 8px; padding: .7rem .9rem; }
.letter h3 { font-size: 1rem; margin: 0 0 .3rem; overflow-wrap: anywhere; }
.letter details { margin-top: .5rem; font-size: .85rem; }
.letter pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .4rem 0 0; max-height: 14rem; overflow: auto; }
summary { cursor: pointer; color: var(--accent); }
.at { display: block; margin: .2rem 0 0 .2rem; color: var(--soft); font-size: .8rem; }
.quiet { padding: 1rem; }
.quiet h2 { margin-bottom: .4rem; }
.quiet ul { margin: 0; padding-left: 1.2rem; color: var(--soft); }
.quiet li { overflow-wrap: anywhere; }
`

/** Liquid, with every output escaped. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{% if refresh %}<meta http-equiv="refresh" content="5">
{% endif %}<title>Sandbox: what the customers see</title>
<style>{{ style | raw }}</style>
</head>
<body>
<header>
<h1>Sandbox: what the customers see</h1>
<p>A stand-in for Genesys Cloud. {{ accepted }} {% if accepted == 1 %}message{% else %}messages{% endif %} accepted; nothing leaves it, nobody real is written to. Times are UTC.
{% if refresh %}The page looks again every 5 seconds. <a href="/?refresh=off">Stop that</a>{% else %}<a href="/">Look again every 5 seconds</a>{% endif %}</p>
</header>
<main>
{%- for customer in customers %}
<section class="phone" aria-labelledby="customer-{{ forloop.index }}">
<div class="bar"><span class="face" aria-hidden="true">{{ customer.initials }}</span><div><h2 id="customer-{{ forloop.index }}">{{ customer.name }}</h2>
<p>{{ customer.known }}{% if customer.active %} · <span class="busy">talking to an agent now</span>{% endif %}</p></div></div>
<ol class="thread" role="list">
{%- if customer.older > 0 %}
<li class="older">{{ customer.older }} older not shown</li>
{%- endif %}
{%- for entry in customer.entries %}
{%- if entry.day %}
<li class="day">{{ entry.day }}</li>
{%- endif %}
{%- if entry.talk %}
<li class="talk">{{ entry.talk }}</li>
{%- else %}
{%- assign message = entry.message %}
<li class="message{% if message.isMail %} mail{% endif %}{% if message.isTheirs %} theirs{% endif %}">
<p class="from"><b>{{ message.from }}</b> · {{ message.channel }}</p>
{%- if message.isMail %}
<div class="letter">
<h3 dir="auto">{{ message.subject }}</h3>
<p class="text" dir="auto">{{ message.text }}</p>
{%- if message.html %}
<details><summary>HTML of this email</summary><pre>{{ message.html }}</pre></details>
{%- endif %}
</div>
{%- else %}
<p class="bubble text" dir="auto">{{ message.text }}</p>
{%- endif %}
<time class="at" datetime="{{ message.iso }}">{{ message.time }}</time>
</li>
{%- endif %}
{%- endfor %}
</ol>
</section>
{%- endfor %}
{%- if quiet.size > 0 %}
<section class="phone quiet" aria-labelledby="quiet">
<h2 id="quiet">No message yet</h2>
<ul>
{%- for customer in quiet %}
<li>{{ customer.name }} · {{ customer.known }}{% if customer.session %} · last wrote to you {{ customer.session }}{% endif %}{% if customer.active %} · <span class="busy">talking to an agent now</span>{% endif %}</li>
{%- endfor %}
{%- if quietMore > 0 %}
<li>{{ quietMore }} more</li>
{%- endif %}
</ul>
</section>
{%- endif %}
</main>
</body>
</html>
`
