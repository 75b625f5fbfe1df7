import type { Browser, BrowserContext, Page } from 'playwright-core'
import { personAt, startBrowser } from './browser.ts'
import { goTo, leaveRun, logInAs, type Shown, STOPS, type Stop } from './pages.ts'
import { type Held, leaveUnconfirmed, startFresh, startSeeded } from './seeded.ts'

type At = (stop: Stop, page: Page) => Promise<void>

/** A browser, and the services whose pages it is to show. */
export type Everywhere = {
  /** Goes to every page; `problems` takes what the browser complains of. */
  visit(problems: string[], at: At): Promise<void>
  close(): Promise<void>
}

/** Starts what STOPS need. */
export async function startEverywhere(held: Held = {}): Promise<Everywhere> {
  const started: { close(): Promise<void> }[] = []
  const keep = <T extends { close(): Promise<void> }>(one: T): T => {
    started.unshift(one)
    return one
  }
  const close = async () => {
    for (const one of started) await one.close()
  }
  try {
    const shown: Shown = {
      seeded: keep(await startSeeded(held)),
      fresh: keep(await startFresh({ operators: true, held })),
      empty: keep(await startFresh({ operators: false, held })),
    }
    const browser = keep(await startBrowser())
    const { page, context } = await personAt(browser, shown.seeded.url)
    await logInAs(page, 'operator')
    await leaveRun(page)
    await context.close()
    await leaveUnconfirmed(shown.seeded)
    return { visit: (problems, at) => visit(browser, shown, problems, at), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function visit(browser: Browser, shown: Shown, problems: string[], at: At): Promise<void> {
  const people = new Map<string, { page: Page; context: BrowserContext }>()
  try {
    for (const stop of STOPS) {
      const key = `${stop.of} ${stop.who}`
      const known = people.get(key)
      const person = known ?? (await personAt(browser, shown[stop.of].url, { problems }))
      people.set(key, person)
      if (!known && stop.who !== null) await logInAs(person.page, stop.who)
      await goTo(person.page, stop, shown)
      await at(stop, person.page)
    }
  } finally {
    for (const { context } of people.values()) await context.close()
  }
}
