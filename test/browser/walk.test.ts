import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { HELD } from '../contract/held.ts'
import { logIn, personAt, startBrowser } from './browser.ts'
import { PASSWORD, type Seeded, startSeeded } from './seeded.ts'
import { ANSWERED, SUPPRESSED, ticket, WITHOUT_ANSWER } from './seeded-events.ts'

describe('what a wrong template left unsaid is found, mended and said, in a browser', () => {
  let browser: Browser
  let seeded: Seeded
  let page: Page
  const problems: string[] = []
  const go = (name: string) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).click()
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
  })

  it('shows a plan before anything is begun, and a run that gets on by itself', async () => {
    await go('Messages')
    await page.getByRole('textbox', { name: 'Route' }).fill('ticket-resolved')
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
    // Each refresh of the page is one that htmx makes: it must not be loaded anew.
    await button('Re-trigger 11').click()
    await heading(/^Run \d+$/)
    await page.evaluate('window.isTheSame = true')
    await page.getByRole('main').getByText('done', { exact: true }).waitFor()
    await page.getByText('11 of 11 re-triggered or refused').waitFor()
    await page.getByRole('definition').filter({ hasText: '11' }).last().waitFor()
    assert.equal(await page.evaluate('window.isTheSame'), true)
    await page.getByText('the template is mended').waitFor()
  })

  it('ends with each text said once', async () => {
    await seeded.settled()
    await go('Messages')
    await page.getByRole('textbox', { name: 'Route' }).fill('ticket-resolved')
    await page.getByRole('combobox', { name: 'State' }).selectOption('sent')
    await button('Show').click()
    assert.equal(await page.getByRole('row').count(), 1 + 12)
    await page.getByRole('rowheader').last().getByRole('link').click()
    await page.getByRole('main').getByText('sent', { exact: true }).first().waitFor()
    const expected = [
      `Hello ${ANSWERED.name}, “Cannot log in, case 150” (T-150) is resolved. Just answer if anything is still open.`,
      ...WITHOUT_ANSWER.map((_person, index) => textFor(index)).filter((text) => !text.includes(SUPPRESSED.name)),
    ]
    assert.deepEqual(said().sort(), expected.sort())
  })

  it('finds an event by its webhook-id, and messages by an address and by their conversation', async () => {
    await search('msg_ticket_103')
    await heading('Event 4')
    await search('c2004@example.com')
    await heading('Search')
    await page.getByRole('row', { name: 'message 4' }).filter({ hasText: 'the customer’s email' }).waitFor()
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
