import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { outcomeTable } from './outcomes-page.ts'

it('docs/outcomes.md has the table that the sender goes by', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/outcomes.md'), 'utf8')
  // Tables are padded to be read as text too.
  const unpadded = (text: string) => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---')
  const lines = new Set(page.split('\n').map(unpadded))
  for (const line of outcomeTable().split('\n').map(unpadded)) assert.ok(lines.has(line), line)
})
