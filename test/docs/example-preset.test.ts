import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { signRequest } from '../../src/receive/signature/sign.ts'
import { verify } from '../../src/receive/signature/verify.ts'
import type { Preset } from '../../src/receive/sources/preset.ts'
import { ROOT } from '../run-postrider.ts'
import { readPage } from './markdown.ts'

/** The example of CONTRIBUTING stands in a folder of the repository, where modules are found and types are stripped, with its imports leading to src/. */
describe('the preset of CONTRIBUTING', () => {
  const block = readPage('CONTRIBUTING.md').blocks.find(({ language }) => language === 'ts')
  let folder: string
  let bookings: Preset

  before(async () => {
    mkdirSync(join(ROOT, 'data'), { recursive: true })
    folder = mkdtempSync(join(ROOT, 'data/example-preset-'))
    const text = block?.text
      .replaceAll("from './", "from '../../src/receive/sources/")
      .replaceAll("from '../signature/", "from '../../src/receive/signature/")
    const file = join(folder, 'bookings.ts')
    writeFileSync(file, text ?? '')
    const config = { extends: '../../tsconfig.json', include: ['bookings.ts'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    bookings = (await import(pathToFileURL(file).href)).bookings
  })
  after(() => rmSync(folder, { recursive: true }))

  it('has fewer than 60 lines, and its types are right', () => {
    assert.ok(block && block.text.split('\n').length < 60)
    const { status, stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder], {
      encoding: 'utf8',
    })
    assert.equal(status, 0, stdout)
  })

  const at = new Date('2026-11-24T10:11:07Z')
  const part = (body: unknown) => ({
    raw: Buffer.from(JSON.stringify(body)),
    id: null,
    header: () => null,
    custom: null,
  })
  const sent = {
    id: 'b-1',
    event: 'confirmed',
    at: at.toISOString(),
    paid: true,
    booking: { number: 'B-4711', guest: { email: 'ada@example.com', name: 'Ada Example' } },
  }

  it('reads an event, and says what is wrong with another', () => {
    assert.deepEqual(bookings.read(part(sent)), {
      key: 'b-1',
      type: 'order.placed',
      senderType: 'confirmed',
      occurredAt: at.getTime(),
      subject: 'B-4711',
      customer: { email: 'ada@example.com', name: 'Ada Example' },
      isTest: false,
      payload: sent,
    })
    const unpaid = bookings.read(part({ ...sent, paid: false }))
    assert.ok('type' in unpaid && unpaid.type === 'confirmed')
    const wrong = bookings.read(part({ event: 7 }))
    assert.ok('reason' in wrong)
    assert.match(wrong.reason, /id: expected an id, got nothing; event: expected text/)
  })

  it('is signed as its scheme says', () => {
    assert.ok(bookings.scheme)
    const url = 'https://hooks.example.com/webhooks/bookings'
    const unsigned = { method: 'POST', url, headers: {}, body: part(sent).raw, id: '', at }
    const { headers, body } = signRequest(bookings.scheme, 'an-example-secret', unsigned)
    const rawHeaders = Object.entries(headers).flat()
    const judge = (secret: string, nowMs: number) =>
      bookings.scheme &&
      verify(bookings.scheme, { method: 'POST', url, rawHeaders, body, secrets: [secret], nowMs }).kind
    assert.equal(judge('an-example-secret', at.getTime() + 299_000), 'authentic')
    assert.equal(judge('an-example-secret', at.getTime() + 302_000), 'refused')
    assert.equal(judge('another-example-secret', at.getTime()), 'refused')
  })
})
