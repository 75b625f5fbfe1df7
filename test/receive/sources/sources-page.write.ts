import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sourcesPage } from './sources-page.ts'

/** `npm run docs`: writes the sections of docs/sources.md anew. */
const file = join(import.meta.dirname, '../../../docs/sources.md')
writeFileSync(file, sourcesPage(readFileSync(file, 'utf8')))
