import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { loadConfig } from '../../../src/config/load.ts'
import { planEvent } from '../../../src/plan/plan.ts'
import { PRESETS } from '../../../src/receive/sources/presets.ts'
import { readDelivery } from '../../../src/receive/sources/read.ts'
import { readPage } from '../../docs/markdown.ts'
import { MARKER, sourcesPage } from './sources-page.ts'

const page = readPage('docs/sources.md')

describe('docs/sources.md', () => {
  it('says of every sender what its preset does; npm run docs writes it anew', () => {
    assert.equal(page.text, sourcesPage(page.text))
    for (const { title } of Object.values(PRESETS)) assert.ok(page.text.includes(`\n### ${title}\n`), title)
  })

  it('keeps what is written by hand, and needs the line that ends it', () => {
    const [first = ''] = sourcesPage(`By hand.\n${MARKER}\nBy nobody.`).split('\n## ')
    assert.equal(first, `By hand.\n${MARKER}\n`)
    assert.throws(() => sourcesPage('By hand.'), /no line <!-- .*npm run docs/)
  })

  it('its sender that no preset knows is read as the page says', async () => {
    const example = page.blocks.find(({ language, text }) => language === 'yaml' && text.includes('custom:'))
    const delivery = page.blocks.find(({ language, text }) => language === 'json' && text.includes('booking'))
    assert.ok(example && delivery)
    const folder = mkdtempSync(join(tmpdir(), 'postrider-sources-page-'))
    try {
      const file = join(folder, 'postrider.yaml')
      const email = 'genesys: { email: { from: { email: care@example.com } } }'
      await mkdir(join(folder, 'templates'))
      await writeFile(
        join(folder, 'templates/booked.liquid'),
        '---\nsubject: Booked\n---\n{{ event.subject }}',
      )
      await writeFile(file, `${email}\n${example.text}`)
      const env = { BOOKINGS_SECRET: 'an-example-secret' }
      const loaded = loadConfig({ file, env, unsetVariables: 'error' })
      assert.ok(loaded.kind === 'loaded', JSON.stringify(loaded))
      assert.deepEqual(loaded.config.warnings, [])

      const source = loaded.config.sources.get('bookings')
      assert.ok(source)
      const rawHeaders = ['X-Bookings-Topic', 'booking_confirmed']
      const body = Buffer.from(delivery.text)
      const [event, ...more] = readDelivery(source, { body, rawHeaders, receivedAt: 0 }, null)
      assert.ok(event && !('reason' in event) && more.length === 0, JSON.stringify(event))
      assert.deepEqual([event.key, event.type, event.subject], ['evt-1', 'order.placed', 'B-4711'])
      assert.equal(event.occurredAt, Date.parse('2026-11-24T10:11:07Z'))
      const [message] = planEvent(event, loaded.config).messages
      assert.deepEqual(message?.customer, { email: 'ada@example.com', name: 'Ada Example' })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
