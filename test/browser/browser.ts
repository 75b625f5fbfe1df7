import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const PACKAGE = new URL('../', import.meta.resolve('@sparticuz/chromium'))
const UNPACK = `const { default: chromium } = await import('@sparticuz/chromium'); await chromium.executablePath()`

/** Starts a Chromium that comes from the npm registry alone. Whoever starts it closes it. */
export function startBrowser(): Promise<Browser> {
  // The package's own arguments are for AWS Lambda: they put all into one process and turn off what keeps sites apart.
  return chromium.launch({
    executablePath: unpacked(),
    args: ['--disable-gpu', '--font-render-hinting=none'],
  })
}

/**
 * The path of the program, unpacked once for each version and user: the package itself unpacks for its user alone, into a place that all share, where a second process
 * would find half of it.
 */
function unpacked(): string {
  const { version } = JSON.parse(readFileSync(fileURLToPath(new URL('package.json', PACKAGE)), 'utf8')) as {
    version: string
  }
  const { uid } = userInfo()
  const folder = join(tmpdir(), `postrider-chromium-${version}-${uid}`)
  const program = join(folder, 'chromium')
  if (existsSync(program)) {
    if (lstatSync(folder).uid === uid) return program
    throw new Error(`${folder} is somebody else's. Remove it, or set TMPDIR to a folder of your own.`)
  }
  const fresh = mkdtempSync(`${folder}-`)
  try {
    const env = { ...process.env, TMPDIR: fresh }
    execFileSync(process.execPath, ['--input-type=module', '--eval', UNPACK], {
      cwd: import.meta.dirname,
      env,
    })
    renameSync(fresh, folder)
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    // Another process was quicker.
    if (!existsSync(program)) throw error
  }
  return program
}

/** How a page can look: on a desk and on a phone, by day and by night. */
export const LOOKS = [
  { name: 'wide-light', colorScheme: 'light', width: 1280 },
  { name: 'wide-dark', colorScheme: 'dark', width: 1280 },
  { name: 'phone-dark', colorScheme: 'dark', width: 390 },
  { name: 'phone-light', colorScheme: 'light', width: 390 },
] as const
export type Look = (typeof LOOKS)[number]
const HEIGHT = 900

/** Gives a page that is there another look. */
export async function giveLook(page: Page, { colorScheme, width }: Look): Promise<void> {
  await page.emulateMedia({ colorScheme })
  await page.setViewportSize({ width, height: HEIGHT })
}

/** What one person at one browser has: cookies of its own. `problems` takes what the browser complains of and what it asks of others. */
export async function personAt(
  browser: Browser,
  base: string,
  { problems = [], ...options }: { problems?: string[] } & Parameters<Browser['newContext']>[0] = {},
): Promise<{ page: Page; context: BrowserContext }> {
  const context = await browser.newContext({
    baseURL: base,
    viewport: { width: LOOKS[0].width, height: HEIGHT },
    reducedMotion: 'reduce',
    ...options,
  })
  context.setDefaultTimeout(15_000)
  context.on('request', (request) => {
    if (!request.url().startsWith(`${base}/console/`)) problems.push(`asked for ${request.url()}`)
  })
  context.on('console', (message) => {
    // Of an answer that is no success the browser makes a line of its own, which says nothing of the page.
    const { url } = message.location()
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      problems.push(`${url}: ${message.text()}`)
    }
  })
  context.on('weberror', (error) => problems.push(`${error.page()?.url()}: ${error.error().message}`))
  return { page: await context.newPage(), context }
}

/** Logs in by the form, and waits for the page after it. */
export async function logIn(page: Page, name: string, password: string): Promise<void> {
  await page.goto('/console/login')
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}
