import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { SeenRequest } from '../../src/sandbox/sandbox.ts'

/** Writes each request that it is told to a file of this process in the folder, a line of JSON each. */
export function recordTo(folder: string): (seen: SeenRequest) => void {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `requests-${process.pid}.jsonl`)
  return (seen) => appendFileSync(file, `${JSON.stringify(seen)}\n`)
}
