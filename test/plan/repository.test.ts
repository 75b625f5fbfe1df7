import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fixtureFiles, readFixture } from '../../src/config/fixtures.ts'
import { loadConfig } from '../../src/config/load.ts'
import { checkFixture } from '../../src/plan/check.ts'
import { PRESET_NAMES } from '../../src/receive/sources/presets.ts'
import { readDelivery } from '../../src/receive/sources/read.ts'

const ROOT = join(import.meta.dirname, '../..')
const NOW = new Date('2026-11-23T08:00:00Z')

/** What `check` does: no environment, no network. */
function checked(file: string, folders: readonly string[] = ['crm']) {
  const loaded = loadConfig({ file: join(ROOT, file), env: {}, unsetVariables: 'warn' })
  assert.deepEqual(loaded.kind === 'invalid' ? loaded.problems : [], [])
  assert.ok(loaded.kind === 'loaded')
  const { config } = loaded
  const files = folders.flatMap((folder) => fixtureFiles(join(ROOT, 'fixtures', folder)))
  const checks = files.map((path) => {
    const read = readFixture(path)
    assert.ok(read.kind === 'read', read.kind === 'invalid' ? `${path}: ${read.reason}` : '')
    assert.ok(read.fixture.expect !== null, `${path} expects something`)
    return checkFixture(read.fixture, config, readDelivery, NOW)
  })
  return { config, checks }
}

describe('what the repository brings along passes check', () => {
  for (const file of ['config/postrider.yaml', 'examples/demo/postrider.yaml']) {
    test(`${file} with fixtures/`, () => {
      const { checks } = checked(file)
      assert.ok(checks.length >= 8)
      assert.deepEqual(
        checks.filter(({ differences }) => differences.length > 0),
        [],
      )
    })
  }

  test('examples/sources/postrider.yaml with the fixtures of all other senders', () => {
    const folders = readdirSync(join(ROOT, 'fixtures')).filter((folder) => folder !== 'crm')
    const { config, checks } = checked('examples/sources/postrider.yaml', folders)
    assert.deepEqual(
      checks.filter(({ differences }) => differences.length > 0),
      [],
    )
    const senders = PRESET_NAMES.filter((name) => name !== 'standard-webhooks')
    assert.deepEqual([...config.sources.keys()].sort(), senders.toSorted(), 'a source of every preset')
    assert.deepEqual(folders.sort(), senders.toSorted(), 'fixtures of every preset')
    const planned = new Set(checks.flatMap(({ foreseen }) => foreseen.map(({ route }) => route)))
    const unplanned = config.routes.map(({ name }) => name).filter((name) => !planned.has(name))
    assert.deepEqual(unplanned, [], 'every route has a fixture')
  })

  test('the demo needs nothing of the environment, and every one of its routes has a fixture', () => {
    const { config, checks } = checked('examples/demo/postrider.yaml')
    assert.deepEqual(config.warnings, [])
    const planned = new Set(checks.flatMap(({ foreseen }) => foreseen.map(({ route }) => route)))
    assert.deepEqual(
      config.routes.map(({ name }) => name).filter((name) => !planned.has(name)),
      [],
    )
  })

  test('the starting point sends nothing until it is told to', () => {
    const { config } = checked('config/postrider.yaml')
    assert.deepEqual(
      config.routes.filter(({ mode }) => mode === 'live').map(({ name }) => name),
      [],
    )
  })

  test('every variable of the starting point is noted where it is not set', () => {
    const file = 'config/postrider.yaml'
    const { config } = checked(file)
    const written = readFileSync(join(ROOT, file), 'utf8')
      .replaceAll(/(^|\s)#.*$/gm, '')
      .matchAll(/\$\{\w+\}/g)
    assert.deepEqual(
      config.warnings.map(({ message }) => message.split(' ')[0]),
      [...written].map(([variable]) => variable),
    )
  })

  test('what the starting point has in comments is right where it stands', () => {
    const folder = mkdtempSync(join(tmpdir(), 'postrider-starting-point-'))
    try {
      cpSync(join(ROOT, 'config'), folder, { recursive: true })
      const file = join(folder, 'postrider.yaml')
      const written = readFileSync(file, 'utf8')
      const examples = /^( +)# ( *\w+:)/gm
      assert.ok([...written.matchAll(examples)].length >= 12)
      writeFileSync(file, written.replaceAll(examples, '$1$2'))
      const loaded = loadConfig({ file, env: {}, unsetVariables: 'warn' })
      assert.deepEqual(loaded.kind === 'invalid' ? loaded.problems : [], [])
      assert.ok(loaded.kind === 'loaded')
      const { genesys, sources, routes } = loaded.config
      assert.ok(genesys.sms && genesys.whatsapp && genesys.open)
      assert.equal(genesys.defaultCountry, 'DE')
      assert.equal(sources.get('genesys')?.preset, 'genesys-undelivered')
      assert.ok(routes.some(({ requireSessionMs }) => requireSessionMs !== null))
      assert.ok(routes.some(({ onUndelivered }) => onUndelivered === 'next-channel'))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('the demo shows the templates of the starting point', () => {
    const templatesOf = (folder: string) =>
      Object.fromEntries(
        readdirSync(join(ROOT, folder)).map((name) => [name, readFileSync(join(ROOT, folder, name), 'utf8')]),
      )
    assert.deepEqual(templatesOf('examples/demo/templates'), templatesOf('config/templates'))
  })
})
