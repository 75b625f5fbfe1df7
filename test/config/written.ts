import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import type { Config } from '../../src/config/config.ts'
import { type ConfigResult, loadConfig } from '../../src/config/load.ts'

export const SECRET = `whsec_${Buffer.from('the secret of the config tests').toString('base64')}`

/** The least that is a configuration, a thing a line. */
export const BASE = `genesys:
  externalSource: { id: space-1, name: CRM }
  webmessaging: { deploymentId: deployment-1 }
  email: { from: { email: care@example.com } }
sources:
  crm: { preset: standard-webhooks, secrets: ["\${CRM_WEBHOOK_SECRET}"] }
routes:
  greet:
    on: crm/ticket.resolved
    template: greet
    channels: [webmessaging]
`

/** The line of BASE where a key of its route would be added. */
export const NEXT_LINE = 12

/** BASE with more lines in its route. */
export function withRoute(...lines: string[]): string {
  return BASE + lines.map((line) => `    ${line}\n`).join('')
}

/** BASE with something in the place of something else, which must be there. */
export function changed(from: string, to: string, yaml: string = BASE): string {
  assert.ok(yaml.includes(from), `${from} is in the configuration`)
  return yaml.replace(from, () => to)
}

export type Written = {
  yaml?: string
  /** By the name of the file. */
  templates?: Readonly<Record<string, string>>
  env?: Readonly<Record<string, string>>
  unsetVariables?: 'error' | 'warn'
}

export const ENV = { CRM_WEBHOOK_SECRET: SECRET }

/** Writes a configuration to a folder, loads it and removes the folder: what is loaded needs it no more. */
export function load({
  yaml = BASE,
  templates = { 'greet.liquid': 'Hello' },
  env = ENV,
  unsetVariables = 'error',
}: Written = {}): ConfigResult {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-config-'))
  try {
    const file = join(folder, 'postrider.yaml')
    writeFileSync(file, yaml)
    for (const [name, content] of Object.entries(templates)) {
      const path = join(folder, 'templates', name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
    }
    const result = loadConfig({ file, env, unsetVariables })
    if (result.kind === 'loaded') return result
    const problems = result.problems.map((one) => ({ ...one, file: relative(folder, one.file) }))
    return { kind: 'invalid', problems }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export function loaded(written: Written = {}): Config {
  const result = load(written)
  assert.deepEqual(result.kind === 'invalid' ? result.problems : [], [])
  assert.ok(result.kind === 'loaded')
  return result.config
}

/** Every problem, `postrider.yaml:9 routes.greet.on: …`. */
export function problemsOf(written: Written): string[] {
  const result = load(written)
  assert.ok(result.kind === 'invalid', 'it was loaded')
  return result.problems.map(({ file, line, message }) => `${file}:${line} ${message}`)
}
