import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type axe from 'axe-core'
import type { Page } from 'playwright-core'
import { HELD } from '../contract/held.ts'
import { giveLook, LOOKS, type Look } from './browser.ts'
import { type Everywhere, startEverywhere } from './everywhere.ts'

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

describe('every page, on a desk and a phone, by day and by night', () => {
  let everywhere: Everywhere
  /** What the browser complained of while all were looked at: the policy for content, scripts, and what was asked of others. */
  const complaints: string[] = []
  const faults: string[] = []
  const tooWide: string[] = []
  const titles = new Set<string>()

  before(async () => {
    everywhere = await startEverywhere(HELD)
    await everywhere.visit(complaints, async ({ name }, page) => {
      titles.add(await page.title())
      await page.evaluate(AXE)
      for (const look of LOOKS) {
        await giveLook(page, look)
        for (const fault of await faultsOf(page, look)) faults.push(`${name}, ${look.name}: ${fault}`)
        const over = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
        if (over > 0) tooWide.push(`${name}, ${look.name}: by ${over} px`)
      }
      await giveLook(page, LOOKS[0])
    })
  })
  after(() => everywhere?.close())

  it('was seen', () => assert.ok(titles.size > 20, [...titles].join(', ')))
  it('can be used by everybody', () => assert.deepEqual(faults, []))
  it('is no wider than the screen', () => assert.deepEqual(tooWide, []))
  it('keeps to the policy for content, and asks nobody else', () => assert.deepEqual(complaints, []))
})

/** What axe-core finds: by day on a desk by all its rules, then by those whose answer another look can change. */
async function faultsOf(page: Page, look: Look): Promise<string[]> {
  const options = {
    resultTypes: ['violations'],
    ...(look === LOOKS[0]
      ? { rules: { 'target-size': { enabled: true } } }
      : { runOnly: look.colorScheme === 'dark' ? ['color-contrast'] : OF_LAYOUT }),
  }
  const { violations } = await page.evaluate<axe.AxeResults>(`axe.run(${JSON.stringify(options)})`)
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ html }) => `${impact} ${id}: ${html.slice(0, 200)}`),
  )
}
const OF_LAYOUT = [
  'color-contrast',
  'target-size',
  'scrollable-region-focusable',
  'link-in-text-block',
  'label',
  'select-name',
  'region',
  'td-headers-attr',
  'th-has-data-cells',
]
