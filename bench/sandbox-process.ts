import { systemClock } from '../src/clock.ts'
import { SANDBOX_CLIENT, startSandbox } from '../src/sandbox/sandbox.ts'

/** The sandbox in a process of its own, as the peer of `bench deliver`: knows everybody, limits nothing, ends with its parent. */
const sandbox = await startSandbox({
  port: 0,
  clock: systemClock,
  rateLimitPerMinute: null,
  resolveContact: ({ value }) => ({ id: `contact-${value}` }),
})
process.send?.({ url: sandbox.url, ...SANDBOX_CLIENT })
process.once('disconnect', () => void sandbox.close())
