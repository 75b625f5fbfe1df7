import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { main } from '../../src/cli.ts'
import type { Variables } from '../../src/environment.ts'
import { ROOT } from '../run-postrider.ts'

export type Said = { code: number; out: string; err: string }

/** Runs one command in this process, as the terminal sees it; `columns` makes it a terminal of that width. */
export async function command(
  args: readonly string[],
  variables: Variables,
  columns?: number,
): Promise<Said> {
  const out = memory(columns)
  const err = memory(undefined)
  const code = await main(['node', 'postrider', ...args], { out: out.stream, err: err.stream }, variables)
  return { code, out: out.text(), err: err.text() }
}

function memory(columns: number | undefined) {
  const chunks: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk))
      done()
    },
  })
  return {
    stream: columns === undefined ? stream : Object.assign(stream, { isTTY: true, columns }),
    text: () => chunks.join(''),
  }
}

/** What a command printed with `--json`. */
export function jsonOf<T>(said: Said): T {
  return JSON.parse(said.out) as T
}

export const SECRET = 'whsec_dGhpcyBpcyBhIHNlY3JldCBvZiB0ZXN0cw=='
export const DEMO_CONFIG = join(ROOT, 'examples/demo/postrider.yaml')
export const FIXTURES = join(ROOT, 'fixtures/crm')

export type Folder = Disposable & {
  path: string
  /** Writes a file, with the folders above it; answers its path. */
  write(name: string, content: string): string
}

export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'postrider-commands-'))
  return {
    path,
    write(name, content) {
      const file = join(path, name)
      mkdirSync(join(file, '..'), { recursive: true })
      writeFileSync(file, content)
      return file
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}
