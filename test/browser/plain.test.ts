import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { HELD } from '../contract/held.ts'
import { personAt, startBrowser } from './browser.ts'
import { logInAs } from './pages.ts'
import { leaveUnconfirmed, type Seeded, startSeeded } from './seeded.ts'

describe('without JavaScript', () => {
  let browser: Browser
  let seeded: Seeded
  let page: Page
  const button = (name: string | RegExp) => page.getByRole('button', { name })
  const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor()
  const main = () => page.getByRole('main')
  /** Loads the page again until it says so, as a person does who waits. */
  const reloadedUntil = async (words: string) => {
    while (!(await main().getByText(words, { exact: true }).first().isVisible())) await page.reload()
  }

  before(async () => {
    seeded = await startSeeded(HELD)
    // More than a page has lines.
    const ids = Array.from({ length: 60 }, (_, index) => `msg_more_${index}`)
    const body = { type: 'customer.called', data: {} }
    await Promise.all(ids.map((id) => seeded.post({ id, body })))
    browser = await startBrowser()
    ;({ page } = await personAt(browser, seeded.url, { javaScriptEnabled: false }))
    await logInAs(page, 'operator')
  })
  after(async () => {
    await browser?.close()
    await seeded?.close()
  })

  it('lists are filtered, and go on to what is older', async () => {
    await page.goto('/console/events')
    await page.getByRole('textbox', { name: 'Type' }).fill('customer.*')
    await button('Show').click()
    assert.equal(await page.getByRole('row').count(), 1 + 50)
    await page.getByRole('link', { name: 'Older' }).click()
    await page.getByRole('row', { name: 'customer.moved' }).waitFor()
    assert.equal(await page.getByRole('row').count(), 1 + 12)
    await page.getByRole('link', { name: 'Newest' }).click()
    assert.equal(await page.getByRole('row').count(), 1 + 50)
  })

  it('a customer is asked for without standing in the address', async () => {
    await page.goto('/console/messages')
    await page.getByText('Customer', { exact: true }).first().click()
    await page.getByRole('textbox', { name: 'Email' }).fill('c2012@example.com')
    await button('Show').click()
    assert.equal(await page.getByRole('row').count(), 1 + 3)
    assert.equal(new URL(page.url()).search, '')
  })

  it('one message is re-triggered, and then many', async () => {
    seeded.mend()
    await seeded.stop()
    await seeded.start()
    await page.goto('/console/messages/1')
    await button('Re-trigger').click()
    await page.getByText('Re-triggered. What becomes of it is below.').waitFor()
    await reloadedUntil('sent')
    await page.goto('/console/messages?state=failed')
    await button('Re-trigger all of these …').click()
    await page.getByText('11 messages chosen by state failed').waitFor()
    await button('Re-trigger 11').click()
    await heading(/^Run \d+$/)
    await reloadedUntil('done')
    await seeded.settled()
    const texts = seeded.sandbox.messages().map(({ text }) => text)
    assert.equal(new Set(texts).size, texts.length, 'nothing twice')
    assert.equal(texts.filter((text) => text.includes('is resolved')).length, 12)
  })

  it('sending is paused, and resumed', async () => {
    await page.goto('/console/pauses')
    await page.getByRole('combobox', { name: 'What' }).selectOption({ label: 'route order-placed' })
    await page.getByRole('textbox', { name: 'Why' }).fill('the warehouse is closed')
    await button('Pause').click()
    const pause = page.getByRole('listitem').filter({ hasText: 'the warehouse is closed' })
    await pause.getByRole('button').click()
    await pause.waitFor({ state: 'detached' })
    await page.getByText('the shop is being moved').waitFor()
  })

  it('what nobody knows is settled', async () => {
    await leaveUnconfirmed(seeded)
    const [message] = await seeded.ledger().reads.messages({ state: 'unconfirmed', limit: 1 })
    await page.goto(`/console/messages/${message?.id}`)
    await page.getByRole('region', { name: 'Say what became of it' }).getByLabel('Why').fill('he called')
    await button('It was sent').click()
    await page.getByText('Settled, as you said.').waitFor()
    await main().getByText('sent', { exact: true }).first().waitFor()
    await page.getByText('he called').first().waitFor()
  })

  it('one logs out, and is out', async () => {
    await button('Log out').click()
    await heading('Log in')
    await page.goto('/console/messages')
    await heading('Log in')
  })
})
