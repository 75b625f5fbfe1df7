import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { HELD } from '../contract/held.ts'
import { LOOKS } from './browser.ts'
import { type Everywhere, startEverywhere } from './everywhere.ts'

describe('every page, as a browser has it', () => {
  let everywhere: Everywhere
  before(async () => {
    everywhere = await startEverywhere(HELD)
  })
  after(() => everywhere?.close())

  for (const look of LOOKS) {
    it(`${look.name}: all can use it, it is as wide as the screen, and nothing of it comes from elsewhere`, async () => {
      const problems: string[] = []
      const seen = new Set<string>()
      await everywhere.visit(look, problems, async ({ name }, page) => {
        for (const fault of await faultsOf(page)) problems.push(`${name}: ${fault}`)
        const over = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
        if (over > 0) problems.push(`${name}: ${over} px wider than the screen`)
        seen.add(await page.title())
      })
      assert.deepEqual(problems, [])
      assert.ok(seen.size > 15, `only ${[...seen].join(', ')} were seen`)
    })
  }
})

/** What axe-core finds. It is given to the page by the browser's own means, past the policy for content, which stays in force. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<axe.AxeResults>('axe.run()')
  return violations
    .filter(({ impact }) => impact !== 'minor')
    .flatMap(({ id, impact, nodes }) => nodes.map(({ html }) => `${impact} ${id}: ${html.slice(0, 200)}`))
}
