import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { SandboxOptions, SeenRequest } from '../../src/sandbox/sandbox.ts'
import { recordTo } from '../sandbox/contract.ts'
import { hold } from './hold.ts'

const folder = process.env.RECORD_REQUESTS
const record = folder === undefined || folder === '' ? () => {} : recordTo(folder)

/** What was found in this process, and how often. */
const found = new Map<string, number>()

function onRequest(seen: SeenRequest): void {
  record(seen)
  for (const problem of hold(seen)) found.set(problem, (found.get(problem) ?? 0) + 1)
}

/**
 * For every sandbox that Postrider itself talks to in a test: each request is held against the schemas as it comes, and the test file fails at its end
 * where one is not as they say (in the middle of an answer nothing can fail a test). Where RECORD_REQUESTS names a folder, requests are also written
 * there, to be held against the API's own description.
 */
export const HELD = { onRequest } satisfies Pick<SandboxOptions, 'onRequest'>

/** The same for a server that is not the sandbox; of a request that is not to log in. `path`: with its query, and a gateway's own path before it. */
export function heldAt({ method, path, body }: { method: string; path: string; body: string }): void {
  const { pathname, searchParams } = new URL(path, 'http://host')
  const query = Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]))
  const operation = pathname.slice(pathname.indexOf('/api/'))
  onRequest({ method, path: operation, query, body: body === '' ? null : JSON.parse(body), status: null })
}

after(() =>
  assert.deepEqual(Object.fromEntries(found), {}, 'requests that Genesys Cloud would not understand'),
)
