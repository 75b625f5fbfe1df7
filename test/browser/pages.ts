import type { Page } from 'playwright-core'
import { logIn } from './browser.ts'
import { PASSWORD, PEOPLE, type Seeded } from './seeded.ts'

/** What the pages show: a service in trouble, one that nothing happened to yet, and one without operators. */
export type Shown = { seeded: Seeded; fresh: Seeded; empty: Seeded }

/** A page of the console: of which service, for whom (null: who is not logged in), and how one gets there. */
export type Stop = {
  name: string
  of: keyof Shown
  who: 'admin' | 'operator' | 'viewer' | null
  /** A path, or what a person does. */
  go: string | ((page: Page, shown: Shown) => Promise<void>)
}

const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).click()
const messageIn = (state: 'failed' | 'sent' | 'scheduled' | 'unconfirmed' | 'skipped') =>
  (async (page, { seeded }) => {
    const [message] = await seeded.ledger().reads.messages({ state, limit: 1 })
    await page.goto(`/console/messages/${message?.id}`)
  }) satisfies Stop['go']
const eventIn = (state: 'planned' | 'unrouted' | 'unreadable') =>
  (async (page, { seeded }) => {
    const [event] = await seeded.ledger().reads.events({ state, limit: 1 })
    await page.goto(`/console/events/${event?.id}`)
  }) satisfies Stop['go']

/** Every page of the console, in every state that looks different. */
export const STOPS: readonly Stop[] = [
  { name: 'first', of: 'empty', who: null, go: '/console/login' },
  { name: 'login', of: 'seeded', who: null, go: '/console/login' },
  {
    name: 'login-wrong',
    of: 'seeded',
    who: null,
    // By another name, so that nobody else has to wait.
    go: (page) => logIn(page, 'nobody', 'not the password'),
  },
  {
    name: 'insecure',
    of: 'seeded',
    who: null,
    go: async (page) => {
      await page.setExtraHTTPHeaders({ 'x-forwarded-for': '192.0.2.7' })
      await page.goto('/console/')
      await page.setExtraHTTPHeaders({})
    },
  },
  { name: 'overview', of: 'seeded', who: 'admin', go: '/console/' },
  { name: 'overview-24h', of: 'seeded', who: 'viewer', go: '/console/?span=24h' },
  { name: 'overview-calm', of: 'fresh', who: 'operator', go: '/console/' },
  { name: 'events', of: 'seeded', who: 'operator', go: '/console/events' },
  { name: 'events-none', of: 'fresh', who: 'operator', go: '/console/events' },
  {
    name: 'events-filtered',
    of: 'seeded',
    who: 'operator',
    go: '/console/events?type=ticket.*&since=nonsense',
  },
  { name: 'event', of: 'seeded', who: 'operator', go: eventIn('planned') },
  { name: 'event-unrouted', of: 'seeded', who: 'operator', go: eventIn('unrouted') },
  { name: 'event-unreadable', of: 'seeded', who: 'viewer', go: eventIn('unreadable') },
  {
    name: 'replan',
    of: 'seeded',
    who: 'operator',
    go: async (page) => {
      await page.goto('/console/events?state=unrouted')
      await press(page, 'Plan all of these again …')
    },
  },
  { name: 'messages', of: 'seeded', who: 'operator', go: '/console/messages' },
  { name: 'messages-none', of: 'fresh', who: 'operator', go: '/console/messages?state=failed' },
  {
    name: 'messages-of-a-customer',
    of: 'seeded',
    who: 'admin',
    go: async (page) => {
      await page.goto('/console/messages')
      await page.getByText('Customer', { exact: true }).first().click()
      await page.getByRole('textbox', { name: 'externalId' }).fill('C-2012')
      await press(page, 'Show')
    },
  },
  { name: 'message-failed', of: 'seeded', who: 'operator', go: messageIn('failed') },
  { name: 'message-sent', of: 'seeded', who: 'admin', go: messageIn('sent') },
  { name: 'message-scheduled', of: 'seeded', who: 'operator', go: messageIn('scheduled') },
  { name: 'message-unconfirmed', of: 'seeded', who: 'operator', go: messageIn('unconfirmed') },
  { name: 'message-skipped', of: 'seeded', who: 'viewer', go: messageIn('skipped') },
  {
    name: 'plan',
    of: 'seeded',
    who: 'admin',
    go: async (page) => {
      await page.goto('/console/messages?route=ticket-resolved')
      await press(page, 'Re-trigger all of these …')
    },
  },
  { name: 'runs', of: 'seeded', who: 'operator', go: '/console/runs' },
  { name: 'run', of: 'seeded', who: 'operator', go: '/console/runs/1' },
  { name: 'sources', of: 'seeded', who: 'operator', go: '/console/sources' },
  { name: 'source', of: 'seeded', who: 'operator', go: '/console/sources/crm' },
  { name: 'source-without-secret', of: 'seeded', who: 'viewer', go: '/console/sources/helpdesk' },
  {
    name: 'rechecked',
    of: 'seeded',
    who: 'operator',
    go: async (page) => {
      await page.goto('/console/sources/crm')
      await press(page, 'Look at them again')
    },
  },
  { name: 'routes', of: 'seeded', who: 'operator', go: '/console/routes' },
  { name: 'route', of: 'seeded', who: 'operator', go: '/console/routes/cart-abandoned' },
  {
    name: 'route-with-preview',
    of: 'seeded',
    who: 'operator',
    go: async (page, { seeded }) => {
      const [message] = await seeded.ledger().reads.messages({ route: 'order-placed', limit: 1 })
      await page.goto(`/console/routes/order-placed?event=${message?.eventId}`)
    },
  },
  { name: 'pauses', of: 'seeded', who: 'operator', go: '/console/pauses' },
  { name: 'pauses-none', of: 'fresh', who: 'viewer', go: '/console/pauses' },
  { name: 'suppressions', of: 'seeded', who: 'admin', go: '/console/suppressions' },
  {
    name: 'suppressions-looked-up',
    of: 'seeded',
    who: 'operator',
    go: async (page) => {
      await page.goto('/console/suppressions')
      await page.getByRole('textbox', { name: 'Email' }).fill('c2012@example.com')
      await press(page, 'Look')
    },
  },
  { name: 'audit', of: 'seeded', who: 'admin', go: '/console/audit' },
  { name: 'search', of: 'seeded', who: 'operator', go: (page) => search(page, 'c2012@example.com') },
  { name: 'search-none', of: 'seeded', who: 'viewer', go: (page) => search(page, 'nobody@example.com') },
  { name: 'not-found', of: 'seeded', who: 'viewer', go: '/console/nothing' },
  { name: 'not-allowed', of: 'seeded', who: 'operator', go: '/console/audit' },
]

async function search(page: Page, text: string): Promise<void> {
  await page.goto('/console/runs')
  await page.getByRole('searchbox').fill(text)
  await press(page, 'Search')
}

/** Brings a page to a stop, where its person is logged in, and waits until it is there. */
export async function goTo(page: Page, { go }: Stop, shown: Shown): Promise<void> {
  if (typeof go === 'string') await page.goto(go)
  else await go(page, shown)
  await page.waitForLoadState('load')
}

/** Logs in as one of PEOPLE. */
export async function logInAs(page: Page, who: keyof typeof PEOPLE): Promise<void> {
  await logIn(page, PEOPLE[who], PASSWORD)
  await page.waitForURL('**/console/')
}

/** A run that ended, of messages that fail again. */
export async function leaveRun(page: Page): Promise<void> {
  await page.goto('/console/messages?state=failed')
  await press(page, 'Re-trigger all of these …')
  await press(page, /^Re-trigger \d+$/)
  await page.getByRole('main').getByText('done', { exact: true }).waitFor()
}
