import { join } from 'node:path'
import { readEnvironment } from '../src/environment.ts'
import { createLog } from '../src/log.ts'
import { startService } from '../src/main.ts'

/** The service of the console bench in a process of its own: `FOLDER`, with its ledger and configuration, sending to a sandbox. Tells its parent its port, and its memory whenever asked; ends with its parent. */
const [folder = '.'] = process.argv.slice(2)
const variables = {
  PORT: '0',
  DATABASE_URL: `sqlite:${join(folder, 'ledger.db')}`,
  POSTRIDER_CONFIG: join(folder, 'postrider.yaml'),
}
const service = await startService({
  environment: readEnvironment(variables),
  variables,
  log: createLog({ level: 'info', pretty: false }),
  sandbox: true,
})
process.on('message', () => process.send?.({ rssMb: process.memoryUsage().rss / 2 ** 20 }))
process.once('disconnect', () => service.stop())
process.send?.({ port: Number(new URL(service.url).port) })
