import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SeenRequest } from '../../src/sandbox/sandbox.ts'
import { readDescription } from './document.ts'
import { printed, reportOf } from './report.ts'

/**
 * `node test/contract/hold-against.ts OPENAPI.json FOLDER`: holds the requests that a test run recorded (RECORD_REQUESTS=FOLDER) against a description of
 * the API. Exit codes: 0 all hold, 1 some do not, 2 there is nothing to hold, or nothing to hold it against.
 */
const [file, folder] = process.argv.slice(2)
if (file === undefined || folder === undefined) {
  process.stderr.write('usage: npm run contract -- OPENAPI.json FOLDER\n')
  process.exit(2)
}

const requests = globSync('requests-*.jsonl', { cwd: folder })
  .sort()
  .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as SeenRequest)
if (requests.length === 0) {
  process.stderr.write(`${folder} has no requests: run tests with RECORD_REQUESTS=${folder} first\n`)
  process.exit(2)
}

const rows = reportOf(requests, describedBy(file))
process.stdout.write(`${printed(rows)}\n`)
process.exitCode = rows.some(({ problems }) => problems !== null && problems.size > 0) ? 1 : 0

function describedBy(path: string) {
  try {
    return readDescription(readFileSync(path, 'utf8'))
  } catch (error) {
    process.stderr.write(`${path}: ${error instanceof Error ? error.message : error}\n`)
    process.exit(2)
  }
}
