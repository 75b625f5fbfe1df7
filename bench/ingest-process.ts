import { join } from 'node:path'
import type { Config } from '../src/config/config.ts'
import { createAppending } from './append.ts'
import { loadBenchConfig } from './config.ts'
import { memoryOf } from './memory.ts'
import { type Serving, serve, serveBare } from './serving.ts'

/**
 * One side of the ingest bench in a process of its own: `service FOLDER URL` receives as the service does, into that ledger; `file FOLDER` takes the same route, verifies and appends the
 * body to a file before it answers; `bare FOLDER` only verifies and answers. Tells its parent its port, and its memory whenever asked; ends with its parent.
 */
const [side, folder = '.', url = ''] = process.argv.slice(2)
const config = loadBenchConfig(folder)
const { port, stop } = await (side === 'service' ? serve(url, config) : withoutLedger(config))

process.on('message', () => process.send?.(memoryOf()))
process.once('disconnect', stop)
process.send?.({ port })

async function withoutLedger(config: Config): Promise<Serving> {
  if (side === 'bare') return serveBare(config, () => {})
  const { append, close } = createAppending(join(folder, 'bodies'))
  const serving = await serveBare(config, append)
  return { ...serving, stop: () => serving.stop().then(close) }
}
