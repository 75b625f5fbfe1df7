import { loadBenchConfig } from './config.ts'
import { sendDue } from './fill-examples.ts'
import { memoryOf } from './memory.ts'
import { serve } from './serving.ts'

/**
 * One side of the scale bench in a process of its own: `FOLDER URL` receives as the service does, into that ledger. Tells its parent its port; asked with a number, it claims, opens and settles
 * so many messages and answers with the milliseconds; asked anything else, with its memory. Ends with its parent.
 */
const [folder = '.', url = ''] = process.argv.slice(2)
const { ledger, port, stop } = await serve(url, loadBenchConfig(folder))

process.on('message', async (asked) => {
  if (typeof asked !== 'number') return process.send?.(memoryOf())
  const began = performance.now()
  await sendDue(ledger, asked)
  process.send?.(performance.now() - began)
})
process.once('disconnect', stop)
process.send?.({ port })
