import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { HELD } from '../contract/held.ts'
import { personAt, startBrowser } from './browser.ts'
import { PASSWORD, type Seeded, startSeeded } from './seeded.ts'

/** What takes the focus by itself. */
const CONTROLS = 'a[href], button, input:not([type=hidden]), select, summary, [tabindex="0"]'
/** Whether there is a line around what has the focus, and it stands where it can be seen. */
const SEEN = `(() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement)
  const { width, height, bottom, right } = document.activeElement.getBoundingClientRect()
  return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && width > 1 && height > 1 && bottom > 0 && right > 0
})()`

describe('by keyboard alone', () => {
  let browser: Browser
  let seeded: Seeded
  let page: Page
  const focused = () => page.locator(':focus')

  before(async () => {
    seeded = await startSeeded(HELD)
    browser = await startBrowser()
    ;({ page } = await personAt(browser, seeded.url))
  })
  after(async () => {
    await browser?.close()
    await seeded?.close()
  })

  it('one logs in', async () => {
    await page.goto('/console/login')
    await focused().waitFor()
    await page.keyboard.type('otto')
    await page.keyboard.press('Tab')
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByText('otto · operator').waitFor()
  })

  it('the first stop leads past the navigation', async () => {
    await page.goto('/console/messages')
    await page.keyboard.press('Tab')
    assert.equal(await focused().textContent(), 'To the content')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    assert.equal(await focused().getAttribute('name'), 'state')
  })

  const PATHS = ['/console/', '/console/messages?state=failed', '/console/messages/1', '/console/events/1']
  for (const path of [...PATHS, '/console/pauses', '/console/routes/order-placed?event=14']) {
    it(`every control of ${path} is reached in turn, and seen to be`, async () => {
      await page.goto(path)
      const count = await page.locator(CONTROLS).filter({ visible: true }).count()
      const unseen: string[] = []
      const reached = new Set<string>()
      for (let presses = 0; presses < count; presses += 1) {
        await page.keyboard.press('Tab')
        const what = await page.evaluate<string>('document.activeElement.outerHTML.slice(0, 120)')
        if (!(await page.evaluate<boolean>(SEEN))) unseen.push(what)
        await page.evaluate('document.activeElement.isReached = true')
        reached.add(what)
      }
      const left = await page.evaluate<string[]>(
        `[...document.querySelectorAll('${CONTROLS}')].filter((one) => one.checkVisibility() && !one.isReached).map((one) => one.outerHTML)`,
      )
      assert.deepEqual({ left, unseen }, { left: [], unseen: [] })
      assert.ok(reached.size > 10, 'there is something to reach')
    })
  }

  it('a message is cancelled', async () => {
    await page.goto('/console/messages?state=scheduled')
    await page.getByRole('rowheader').first().getByRole('link').focus()
    await page.keyboard.press('Enter')
    const cancel = page.getByRole('button', { name: 'Cancel it' })
    await cancel.waitFor()
    while ((await page.evaluate('document.activeElement.textContent')) !== 'Cancel it') {
      await page.keyboard.press('Tab')
    }
    await page.keyboard.press('Enter')
    await page.getByText('Cancelled. It is not sent.').waitFor()
  })
})
