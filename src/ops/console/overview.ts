import type { Router } from 'express'
import { type Backlog, COUNTED_TO, type Tally } from '../../ledger/overview.ts'
import { type Attention, attentionOf, nameOf, needsPerson } from '../attention.ts'
import { configVersionsOf } from '../instances.ts'
import { maskReason } from '../mask.ts'
import { chartOf, type Span, sparkOf } from './charts.ts'
import type { ConsoleDeps } from './console.ts'
import { operatorIn, page, pathWith, queryIn } from './page.ts'
import { agoOf, clockOf, countOf } from './words.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** How far back the figures go, and how wide a bar is then. */
const SPANS = [
  { name: '1 hour', value: '1h', ms: HOUR_MS, bucketMs: MINUTE_MS },
  { name: '6 hours', value: '6h', ms: 6 * HOUR_MS, bucketMs: 5 * MINUTE_MS },
  { name: '24 hours', value: '24h', ms: 24 * HOUR_MS, bucketMs: 20 * MINUTE_MS },
] as const

/** `GET /`: what needs a person, then what happens. */
export function overviewPage(router: Router, { ledger, config, clock }: ConsoleDeps): void {
  router.get('/', async (request, response) => {
    const asked = queryIn(request)
    const chosen = SPANS.find(({ value }) => value === asked.span) ?? SPANS[0]
    const now = clock.now()
    const until = Math.floor(now / MINUTE_MS) * MINUTE_MS + MINUTE_MS
    const span: Span = { since: until - chosen.ms, until, bucketMs: chosen.bucketMs }
    const [trouble, standing, instances, backlog, tallies] = await Promise.all([
      ledger.reads.trouble(),
      ledger.pauses(),
      ledger.reads.instances(),
      ledger.reads.backlog(),
      ledger.reads.tallies(span.since),
    ])
    const pauses = standing.map((pause) => maskReason(pause, operatorIn(response).role))
    const attention = attentionOf({
      trouble,
      pauses,
      backlog,
      expected: [...config.sources.values()],
      serviceRuns: true,
      instances,
      now,
      time: (at) => clockOf(at, now).replace(/:\d\d$/, ''),
    })
    const live = asked.live !== 'off'
    const self = pathWith('/console/', { span: asked.span, live: asked.live })
    await page(response, 200, 'overview', {
      title: 'Overview',
      place: 'overview',
      self,
      live,
      other: pathWith('/console/', { span: asked.span, live: live ? 'off' : undefined }),
      said: null,
      since: trouble.since,
      attention: attention.map((one) => shownAttention(one, config.sources.has(one.subject.source ?? ''))),
      // Those that end by themselves, or that somebody gave an end.
      pauses: pauses
        .filter((pause) => !needsPerson(pause, now))
        .map((pause) => ({ ...pause, name: nameOf(pause) })),
      figures: figuresOf(trouble, tallies, {
        now,
        limit: config.genesys.rateLimitPerMinute,
        span: chosen.name,
      }),
      instances,
      differ: configVersionsOf(instances).length > 1,
      spans: SPANS.map(({ name, value }) => ({
        name,
        current: value === chosen.value,
        href: pathWith('/console/', { span: value, live: asked.live }),
      })),
      charts: [
        {
          title: 'Events received a minute',
          legend: [],
          svg: chartOf('Events received', [{ kind: 'received', name: 'received' }], tallies, span),
        },
        {
          title: 'Messages a minute',
          legend: OUTCOMES,
          svg: chartOf('Messages', OUTCOMES, tallies, span),
        },
      ],
      sources: [...config.sources.keys()].map((name) => ({
        name,
        received: countIn(tallies, 'received', name),
        spark: sparkOf([RECEIVED], of(tallies, name), span),
        refused: trouble.refused
          .filter(({ source }) => source === name)
          .reduce((sum, { count }) => sum + count, 0),
        lastAt: trouble.lastEventAt[name] ?? null,
        ...dueOf(backlog.filter(({ source }) => source === name)),
      })),
      routes: config.routes.map(({ name, mode }) => ({
        name,
        mode,
        href: pathWith('/console/messages', { route: name }),
        spark: sparkOf(OUTCOMES, of(tallies, name), span),
        ...dueOf(backlog.filter(({ route }) => route === name)),
        sent: countIn(tallies, 'sent', name),
        failed: countIn(tallies, 'failed', name),
        unconfirmed: countIn(tallies, 'unconfirmed', name),
        skipped: countIn(tallies, 'skipped', name),
      })),
    })
  })
}

const RECEIVED = { kind: 'received', name: 'received' } as const
const OUTCOMES = [
  { kind: 'sent', name: 'sent' },
  { kind: 'failed', name: 'failed' },
  { kind: 'unconfirmed', name: 'unconfirmed' },
  { kind: 'skipped', name: 'skipped' },
] as const

function of(tallies: readonly Tally[], name: string): readonly Tally[] {
  return tallies.filter((one) => one.name === name)
}

/** How many are due of some lanes, and since when. */
function dueOf(lanes: readonly Backlog[]): { due: number; oldestDueAt: number | null } {
  const oldest = lanes.map(({ oldestDueAt }) => oldestDueAt)
  return {
    due: lanes.reduce((sum, { due }) => sum + due, 0),
    oldestDueAt: oldest.length === 0 ? null : Math.min(...oldest),
  }
}

function countIn(tallies: readonly Tally[], kind: Tally['kind'], name?: string): number {
  return tallies
    .filter((one) => one.kind === kind && (name === undefined || one.name === name))
    .reduce((sum, { count }) => sum + count, 0)
}

/** Where somebody goes to mend it, and in what words: a page has links where a terminal has commands. */
function shownAttention({ kind, what, todo, command, subject }: Attention, known: boolean) {
  const source = subject.source === undefined ? '' : encodeURIComponent(subject.source)
  const to = {
    pause: { href: '/console/pauses', link: 'Pauses' },
    brake: { href: '/console/pauses', link: 'Pauses' },
    overdue: { href: '/console/messages?state=scheduled', link: 'Scheduled messages' },
    unconfirmed: { href: '/console/messages?state=unconfirmed', link: 'Unconfirmed messages' },
    failed: { href: '/console/messages?state=failed', link: 'Failed messages' },
    unplanned: { href: '/console/events?state=unplanned&since=24h', link: 'Unplanned events' },
    unreadable: { href: '/console/events?state=unreadable&since=24h', link: 'Unreadable events' },
    refused:
      subject.source === undefined || !known
        ? { href: '/console/sources', link: 'Sources' }
        : { href: `/console/sources/${source}`, link: `Source ${subject.source}` },
    silence: { href: `/console/sources/${source}`, link: `Source ${subject.source}` },
    instances: { href: '#instances', link: 'Instances' },
  }[kind]
  return { kind, what, todo: WHAT_TO_DO[kind] ?? `${todo} ${command ?? ''}`, ...to }
}

const WHAT_TO_DO: Partial<Record<Attention['kind'], string>> = {
  pause: 'Its messages wait. It goes on when it is resumed.',
  brake: 'More messages than its brake allows were about to leave. See whether they are meant, then resume.',
  unconfirmed: 'Look in Genesys Cloud what became of each, and say so here.',
  failed: 'Mend the reason, then re-trigger.',
  unplanned: 'Mend the route, or see why it was kept unplanned, then plan again.',
  unreadable: 'Each says why. Mend the source’s configuration or what the sender sends, then plan again.',
  refused: 'See what to compare, mend it, then have the refused deliveries looked at again.',
  silence: 'See whether the sender gave up, and how to turn it on again.',
}

type Trouble = Awaited<ReturnType<ConsoleDeps['ledger']['reads']['trouble']>>

function figuresOf(
  { due, scheduled }: Trouble,
  tallies: readonly Tally[],
  { now, limit, span }: { now: number; limit: number; span: string },
) {
  const lastMinute = Math.floor(now / MINUTE_MS) * MINUTE_MS - MINUTE_MS
  const calls = countIn(
    tallies.filter(({ minute }) => minute === lastMinute),
    'calls',
  )
  const used = Math.round((100 * calls) / limit)
  const atMost = (count: number) => `${countOf(count)}${count >= COUNTED_TO ? ' or more' : ''}`
  return [
    {
      name: 'Due now',
      value: atMost(due.count),
      more: due.oldestDueAt === null ? 'none waits' : `oldest ${agoOf(due.oldestDueAt, now)}`,
      tone: '',
    },
    { name: 'Scheduled', value: atMost(scheduled), more: 'due now or later', tone: '' },
    { name: 'Received', value: countOf(countIn(tallies, 'received')), more: `events, ${span}`, tone: '' },
    { name: 'Sent', value: countOf(countIn(tallies, 'sent')), more: `messages, ${span}`, tone: '' },
    {
      name: 'Failed',
      value: countOf(countIn(tallies, 'failed')),
      more: `messages, ${span}`,
      tone: countIn(tallies, 'failed') > 0 ? 'bad' : '',
    },
    {
      name: 'Rate budget',
      value: `${used} %`,
      more: `${countOf(calls)} of ${countOf(limit)} calls, last minute`,
      tone: used >= 90 ? 'wait' : '',
    },
  ]
}
