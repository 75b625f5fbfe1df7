import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createLog, type Log } from '../src/log.ts'

/** Everything that the suite logs ends here, so that `logs.after.ts` can look through it when all tests are done. */
export const LOG_FOLDER = join(import.meta.dirname, '../data/test-logs')

let log: Log | undefined

/** The log of a test: complete, at its most talkative, into a file of this process. */
export function testLog(): Log {
  log ??= createLog({ level: 'debug', pretty: false, stream: testLogStream('log') })
  return log
}

/** Where a test sends the stderr of a service that it starts. */
export function testLogStream(name: string): NodeJS.WritableStream {
  mkdirSync(LOG_FOLDER, { recursive: true })
  return createWriteStream(join(LOG_FOLDER, `${name}-${process.pid}.log`), { flags: 'a' })
}
