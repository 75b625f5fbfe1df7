import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../src/clock.ts'
import { openLedger } from '../src/ledger/open.ts'
import { silentLog } from '../src/log.ts'
import { createPasswords } from '../src/ops/access/password.ts'
import { loadBenchConfig } from './config.ts'
import { sendAll, sendAt } from './load.ts'
import { seed } from './seed.ts'

/** A page is answered within this, in milliseconds, nineteen times of twenty. */
export const MOST_P95_MS = 200
/** Of the rate of receiving, what has to be left while the console is used. */
export const LEAST_SHARE = 0.9
/** Events a second that come in while pages are measured. */
const OFFERED = 500
const CONNECTIONS = 32
/** As often as ten pages ask that are left open and update themselves, or three people who look at one every second and a half. */
const PAGES_A_SECOND = 2

export type PageFigures = { page: string; p50: number; p95: number; most: number; bytes: number }
export type ConsoleBench = {
  events: number
  pages: PageFigures[]
  /** Of receiving at `OFFERED` a second while every page is asked for: what was acknowledged a second, and how fast. */
  offered: { perSecond: number; p50: number; p99: number }
  /** As many as are acknowledged a second, without anybody at the console and with. */
  receiving: { alone: number; beside: number; share: number }
  rssMb: number
  isWell: boolean
}

/**
 * The pages of the console over a ledger of a million events and messages while events come in. `ledger`: one that `bench/seed.ts` made, which is copied; null: it is made anew, which takes some
 * minutes.
 */
export async function benchConsole(options: {
  events: number
  rounds: number
  seconds: number
  folder: string
  ledger: string | null
}): Promise<ConsoleBench> {
  mkdirSync(options.folder, { recursive: true })
  const own = mkdtempSync(join(options.folder, 'postrider-bench-'))
  let child: ChildProcess | null = null
  try {
    const file = join(own, 'ledger.db')
    const config = loadBenchConfig(own, { rateLimitPerMinute: 300 })
    if (options.ledger === null) await seed(file, config, { events: options.events, days: 20 })
    else copyLedger(options.ledger, file)
    await addOperator(file)
    child = fork(join(import.meta.dirname, 'console-process.ts'), [own], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    const ask = await logIn(port)
    const { pages, offered } = await measurePages(port, ask, options)
    const receiving = await measureReceiving(port, ask, options)
    child.send('memory')
    const [{ rssMb }] = (await once(child, 'message')) as [{ rssMb: number }]
    const isWell = pages.every(({ p95 }) => p95 < MOST_P95_MS) && receiving.share >= LEAST_SHARE
    return { events: options.events, pages, offered, receiving, rssMb, isWell }
  } finally {
    if (child && child.exitCode === null) {
      const exited = once(child, 'exit')
      child.disconnect()
      await exited
    }
    rmSync(own, { recursive: true })
  }
}

function copyLedger(from: string, to: string): void {
  for (const ending of ['', '-wal', '.key']) {
    if (existsSync(`${from}${ending}`)) copyFileSync(`${from}${ending}`, `${to}${ending}`)
  }
}

const PASSWORD = 'the password of the bench'

async function addOperator(file: string): Promise<void> {
  const ledger = await openLedger({ url: `sqlite:${file}`, clock: systemClock, log: silentLog, owner: true })
  const password = await createPasswords().hash(PASSWORD)
  await ledger.addOperator({ name: 'bench', role: 'admin', password }, 'bench')
  await ledger.close()
}

type Ask = (path: string, form?: Record<string, string>) => Promise<{ ms: number; bytes: number }>

async function logIn(port: number): Promise<Ask> {
  const base = `http://127.0.0.1:${port}/console`
  const headers = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }
  const body = new URLSearchParams({ name: 'bench', password: PASSWORD }).toString()
  const answer = await fetch(`${base}/login`, { method: 'POST', headers, body, redirect: 'manual' })
  const cookie = answer.headers.get('set-cookie')?.split(';', 1)[0] ?? ''
  return async (path, form) => {
    const began = performance.now()
    const response = await fetch(`${base}${path}`, {
      headers: { ...headers, cookie },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form).toString() }),
    })
    const { length: bytes } = await response.text()
    const ms = performance.now() - began
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}`)
    return { ms, bytes }
  }
}

/** Every kind of page, and the filters that have to look furthest. */
function pagesFor(events: number): { page: string; path: string; form?: Record<string, string> }[] {
  const n = Math.floor(events / 2) + 500
  const text = (id: string) => ({ text: id })
  return [
    { page: 'overview', path: '/' },
    { page: 'overview, 24 hours', path: '/?span=24h' },
    { page: 'events', path: '/events' },
    { page: 'events, unreadable', path: '/events?state=unreadable' },
    { page: 'events, a type that none has', path: '/events?type=nothing.*' },
    { page: 'events, a route', path: '/events?route=ticket-resolved' },
    { page: 'events, a reason', path: '/events?reason=not%20JSON' },
    { page: 'messages', path: '/messages' },
    { page: 'messages, failed', path: '/messages?state=failed' },
    { page: 'messages, a route that there is not', path: '/messages?route=nothing' },
    { page: 'messages, a reason', path: '/messages?reason=rejected&until=10d' },
    { page: 'messages, far back', path: `/messages?until=15d&state=sent` },
    { page: 'messages, a customer', path: '/messages', form: { email: `s${n}@example.com` } },
    { page: 'events, a customer', path: '/events', form: { email: `s${n}@example.com` } },
    { page: 'one event', path: `/events/${n}` },
    { page: 'one message', path: `/messages/${n}` },
    { page: 'search, the sender’s id', path: '/search', form: text(`msg_seed_${n}`) },
    { page: 'search, an email', path: '/search', form: text(`s${n}@example.com`) },
    { page: 'search, a conversation', path: '/search', form: text(`conversation-${n}`) },
    { page: 'search, a correlation id', path: '/search', form: text(`correlation-${n}`) },
    { page: 'search, nothing', path: '/search', form: text('nothing has this') },
    { page: 'runs', path: '/runs' },
    { page: 'sources', path: '/sources' },
    { page: 'one source', path: '/sources/crm' },
    { page: 'routes', path: '/routes' },
    { page: 'a preview', path: `/routes/ticket-resolved?event=${n}` },
    { page: 'pauses', path: '/pauses' },
    { page: 'suppressions', path: '/suppressions' },
    { page: 'audit', path: '/audit' },
  ]
}

async function measurePages(port: number, ask: Ask, { events, rounds }: { events: number; rounds: number }) {
  const pages = pagesFor(events)
  // Views are compiled when they are first shown.
  for (const { path, form } of pages) await ask(path, form)
  const stopped = new AbortController()
  const load = sendAt(port, CONNECTIONS, OFFERED, stopped.signal)
  const measured = new Map<string, { ms: number; bytes: number }[]>()
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const { page, path, form } of pages) {
        measured.set(page, [...(measured.get(page) ?? []), await ask(path, form)])
      }
    }
  } finally {
    stopped.abort()
  }
  const offered = await load
  const figures = [...measured].map(([page, all]): PageFigures => {
    const sorted = all.map(({ ms }) => ms).toSorted((a, b) => a - b)
    const share = (part: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
    return { page, p50: share(0.5), p95: share(0.95), most: share(1), bytes: all[0]?.bytes ?? 0 }
  })
  return { pages: figures, offered }
}

/** In turns, because a machine's speed changes over a minute by more than what is measured. */
async function measureReceiving(
  port: number,
  ask: Ask,
  { events, rounds, seconds }: { events: number; rounds: number; seconds: number },
): Promise<ConsoleBench['receiving']> {
  const pages = pagesFor(events)
  await sendAll(port, CONNECTIONS, 2_000)
  const count = Math.ceil((await sendAll(port, CONNECTIONS, 2_000)).perSecond * seconds)
  const alone: number[] = []
  const beside: number[] = []
  for (let round = 0; round < Math.max(3, Math.ceil(rounds / 10)); round += 1) {
    for (const side of round % 2 === 0 ? [alone, beside] : [beside, alone]) {
      const looking = side === beside ? lookAround(pages, ask) : null
      side.push((await sendAll(port, CONNECTIONS, count)).perSecond)
      await looking?.stop()
    }
  }
  const median = (all: readonly number[]) =>
    all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN
  return { alone: median(alone), beside: median(beside), share: median(beside) / median(alone) }
}

function lookAround(pages: ReturnType<typeof pagesFor>, ask: Ask) {
  let nth = 0
  const asked: Promise<unknown>[] = []
  const timer = setInterval(() => {
    const page = pages[nth % pages.length]
    nth += 1
    if (page) asked.push(ask(page.path, page.form))
  }, 1_000 / PAGES_A_SECOND)
  return {
    async stop() {
      clearInterval(timer)
      await Promise.all(asked)
    },
  }
}
