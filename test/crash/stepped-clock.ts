import { createServer } from 'node:net'
import { isMainThread } from 'node:worker_threads'

/**
 * Loaded by a service before all else (`--import`): its clock is the machine's and so many milliseconds more, which whoever connects to the socket STEPPED_CLOCK says. Only what is read is stepped; timers go on, as they do
 * where the machine's own clock is set.
 */
const path = process.env.STEPPED_CLOCK
if (isMainThread && path !== undefined) {
  const trueNow = Date.now
  let offset = 0
  Date.now = () => trueNow() + offset
  const server = createServer((socket) => {
    socket.setEncoding('utf8').once('data', (ms) => {
      offset = Number(ms)
      socket.end('set')
    })
  })
  server.listen(path).unref()
}
