import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { HELD } from '../contract/held.ts'
import { logIn, personAt, startBrowser } from './browser.ts'
import { PASSWORD, type Seeded, startSeeded } from './seeded.ts'
import { ANSWERED, SUPPRESSED, WITHOUT_ANSWER } from './seeded-events.ts'

describe('what a wrong template left unsaid is found, mended and said, in a browser', () => {
  let browser: Browser
  let seeded: Seeded
  let page: Page
  const problems: string[] = []
  const go = (name: string) =>
    page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).click()
  const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor()
  const button = (name: string | RegExp) => page.getByRole('button', { name })
  const search = async (text: string) => {
    await page.getByRole('searchbox', { name: 'Search by an id, an address or a number' }).fill(text)
    await button('Search').click()
  }

  before(async () => {
    seeded = await startSeeded(HELD)
    browser = await startBrowser()
    ;({ page } = await personAt(browser, seeded.url, { problems }))
  })
  after(async () => {
    await browser?.close()
    await seeded?.close()
    assert.deepEqual(problems, [])
  })

  it('refuses a wrong password, and lets in with the right one', async () => {
    await logIn(page, 'otto', 'not the password')
    await page.getByRole('alert').filter({ hasText: 'Name or password is wrong.' }).waitFor()
    await logIn(page, 'otto', PASSWORD)
    await heading('Overview')
    await page.getByText('otto · operator').waitFor()
  })

  it('leads from what needs a person to the message, whose time line says why', async () => {
    const trouble = page.getByRole('listitem').filter({ hasText: '12 messages failed' })
    await trouble.getByRole('link').click()
    await heading('Messages')
    assert.equal(await page.getByRole('row').count(), 1 + 12)
    await page.getByRole('rowheader').last().getByRole('link').click()
    await heading(/^Message \d+$/)
    const line = page.getByRole('region', { name: 'What happened' })
    await line.getByText('undefined variable: data.ticket.titel').waitFor()
    await line.getByText('Mend the template').waitFor()
  })

  it('says that the files have changed, until the service is restarted; whoever is logged in stays so', async () => {
    await go('Routes')
    await page.getByText('The files are as they were then.').waitFor()
    const loaded = await version()
    seeded.mend()
    await page.reload()
    await page.getByText('The files have changed since').waitFor()
    assert.equal(await version(), loaded)
    await seeded.stop()
    await seeded.start()
    await page.reload()
    await page.getByText('The files are as they were then.').waitFor()
    assert.notEqual(await version(), loaded)
    await page.getByText('otto · operator').waitFor()

    async function version() {
      return page.getByText('Loaded is version').getByRole('code').textContent()
    }
  })

  it('previews what the customer would see', async () => {
    await go('Events')
    await page.getByRole('textbox', { name: 'Type' }).fill('ticket.*')
    await button('Show').click()
    await page.getByRole('rowheader', { name: '1', exact: true }).getByRole('link').click()
    await heading('Event 1')
    await page.getByRole('link', { name: 'ticket-resolved', exact: true }).last().click()
    await heading('Route ticket-resolved')
    await page.getByText(textFor(0), { exact: true }).waitFor()
    await page.goto('/console/routes/order-placed?event=14')
    const email = page.frameLocator('iframe[title="The email’s HTML"]')
    await email.getByText('Your order 2026-1042 is on its way.').waitFor()
  })

  it('shows a plan before anything is begun, and a run that gets on by itself', async () => {
    await go('Messages')
    await page.getByRole('combobox', { name: 'Route' }).fill('ticket-resolved')
    await button('Show').click()
    await button('Re-trigger all of these …').click()
    await page.getByText('13 messages chosen by route ticket-resolved').waitFor()
    for (const [words, count] of [
      ['would be sent', 11],
      ['are suppressed', 1],
      ['were sent already', 1],
    ]) {
      const cells = page.getByRole('row', { name: String(words) }).getByRole('cell')
      assert.equal(await cells.first().textContent(), String(count), String(words))
    }
    assert.equal(said().length, 1, 'a plan sends nothing')
    await page.getByRole('textbox', { name: 'Why' }).fill('the template is mended')
    await button('Re-trigger 12').click()
    await heading(/^Run \d+$/)
    await page.evaluate('window.isTheSame = true')
    await page.getByRole('main').getByText('done', { exact: true }).waitFor()
    await page.getByText('12 of 12 re-triggered or refused').waitFor()
    await page.getByText('This page updates itself').waitFor({ state: 'detached' })
    const became = page.getByRole('heading', { name: 'What became of those re-triggered' })
    assert.equal(await became.locator('xpath=following-sibling::dl').textContent(), 'sent11skipped1')
    // It was never loaded anew.
    assert.equal(await page.evaluate('window.isTheSame'), true)
    await page.getByText('the template is mended').waitFor()
  })

  it('ends with each text said once', async () => {
    await seeded.settled()
    await go('Messages')
    await page.getByRole('combobox', { name: 'Route' }).fill('ticket-resolved')
    await page.getByRole('combobox', { name: 'State' }).selectOption('sent')
    await button('Show').click()
    assert.equal(await page.getByRole('row').count(), 1 + 12)
    await page.getByRole('rowheader').last().getByRole('link').click()
    await page.getByRole('main').getByText('sent', { exact: true }).first().waitFor()
    const expected = [
      `Hello ${ANSWERED.name}, “Cannot log in, case 150” (T-150) is resolved. Just answer if anything is still open.`,
      ...WITHOUT_ANSWER.map((_person, index) => textFor(index)).filter(
        (text) => !text.includes(SUPPRESSED.name),
      ),
    ]
    assert.deepEqual(said().sort(), expected.sort())
  })

  it('finds an event by its webhook-id, and messages by an address and by their conversation', async () => {
    await search('msg_ticket_103')
    await heading('Event 4')
    await search(SUPPRESSED.email)
    await heading('Search')
    await page.getByRole('row', { name: 'message 12' }).filter({ hasText: 'the customer’s email' }).waitFor()
    const message = await seeded.ledger().reads.message(4)
    await search(message?.conversationId ?? '')
    await heading('Message 4')
    await search('msg_of_nobody')
    await page.getByText('Nothing has exactly this as an id.').waitFor()
  })

  const said = () =>
    seeded.sandbox.messages().flatMap(({ text }) => (text.includes('is resolved') ? [text.trim()] : []))
})

/** What the mended template says to one of them. */
function textFor(index: number): string {
  const number = 100 + index
  return `Hello ${WITHOUT_ANSWER[index]?.name}, “Cannot log in, case ${number}” (T-${number}) is resolved. Just answer if anything is still open.`
}
