import { mkdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { SingleBar } from 'cli-progress'
import { giveLook, LOOKS } from './browser.ts'
import { startEverywhere } from './everywhere.ts'
import { STOPS } from './pages.ts'

// `npm run screenshots`: a picture of every page with every look, for whoever changes one.
const FOLDER = join(import.meta.dirname, '../../data/screenshots')

rmSync(FOLDER, { recursive: true, force: true })
mkdirSync(FOLDER, { recursive: true })
const total = STOPS.length * LOOKS.length
const bar = process.stderr.isTTY
  ? new SingleBar({ clearOnComplete: true, format: '{bar} {value}/{total} pictures, {eta} s left' })
  : null
const problems: string[] = []
const everywhere = await startEverywhere()
bar?.start(total, 0)
try {
  await everywhere.visit(problems, async ({ name }, page) => {
    for (const look of LOOKS) {
      await giveLook(page, look)
      await page.screenshot({ path: join(FOLDER, `${name}.${look.name}.png`), fullPage: true })
      bar?.increment()
    }
    await giveLook(page, LOOKS[0])
  })
} finally {
  bar?.stop()
  await everywhere.close()
}
for (const problem of problems) process.stderr.write(`${problem}\n`)
process.stdout.write(`${total} pictures are in ${relative(process.cwd(), FOLDER)}\n`)
