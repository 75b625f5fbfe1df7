import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { HELD } from '../contract/held.ts'
import { logIn, personAt, startBrowser } from './browser.ts'
import { PASSWORD, type Seeded, startSeeded } from './seeded.ts'
import { ANSWERED, ticket } from './seeded-events.ts'

describe('a list that is left open', () => {
  let browser: Browser
  let seeded: Seeded
  let page: Page
  /** Of the page that is open: when it asked for itself. */
  let asked = 0
  const fiveSeconds = async () => {
    const answered = page.waitForResponse((response) => response.url().includes('/console/events'))
    await page.clock.runFor(5_000)
    await answered
  }

  before(async () => {
    seeded = await startSeeded(HELD)
    browser = await startBrowser()
    ;({ page } = await personAt(browser, seeded.url))
    page.on('request', (request) => {
      if (request.headers()['hx-request'] === 'true') asked += 1
    })
    await logIn(page, 'vera', PASSWORD)
    await page.waitForURL('**/console/')
  })
  after(async () => {
    await browser?.close()
    await seeded?.close()
  })

  it('shows what comes in without a click', async () => {
    await page.goto('/console/events')
    await page.getByText('This page updates itself every 5 seconds.').waitFor()
    await seeded.post(ticket(900, ANSWERED))
    await page.getByRole('rowheader', { name: '27', exact: true }).waitFor()
  })

  it('asks once in five seconds, however long it stands', async () => {
    await page.clock.install()
    await page.goto('/console/events')
    asked = 0
    for (let time = 0; time < 6; time += 1) await fiveSeconds()
    assert.equal(asked, 6)
  })

  it('leaves the focus where it is, and what is typed', async () => {
    const link = page.getByRole('rowheader').getByRole('link', { name: '20', exact: true })
    await link.focus()
    await seeded.post(ticket(901, ANSWERED))
    await fiveSeconds()
    await page.getByRole('rowheader', { name: '28', exact: true }).waitFor()
    assert.equal(await page.locator(':focus').textContent(), '20')
    const type = page.getByRole('textbox', { name: 'Type' })
    await type.fill('order.')
    await fiveSeconds()
    assert.equal(await type.inputValue(), 'order.')
    assert.equal(await page.locator(':focus').getAttribute('name'), 'type')
  })

  it('says when the service does not answer, and is silent again when it does', async () => {
    const stale = page.getByRole('alert').filter({ hasText: 'This page is not being updated' })
    assert.equal(await stale.isVisible(), false)
    await seeded.stop()
    await page.clock.runFor(5_000)
    await stale.waitFor()
    await seeded.start()
    await fiveSeconds()
    await stale.waitFor({ state: 'hidden' })
  })

  it('stands still when it is held', async () => {
    await page.getByRole('link', { name: 'Hold it still' }).click()
    await page.getByText('This page stands still.').waitFor()
    asked = 0
    await page.clock.runFor(60_000)
    assert.equal(asked, 0)
    await page.getByRole('link', { name: 'Let it update itself' }).click()
    await page.getByText('This page updates itself every 5 seconds.').waitFor()
    await fiveSeconds()
    assert.equal(asked, 1)
  })
})
