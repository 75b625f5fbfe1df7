import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import type { Answer } from './bridge.ts'

/** Where answers come in, and how many have come: who sends one first posts it, then counts it, then wakes who waits. `asked`: the count before the question was put. */
type Incoming = { port: MessagePort; answered: Int32Array; asked: number }

/**
 * Stops this thread until the answer of this number is there; null: it was not there at `until` (`performance.now()`). Answers of other numbers came too late, and are dropped. Being woken says nothing: it may be for the
 * answer before, whose notification came late.
 */
export function awaited(number: number, { port, answered, asked }: Incoming, until: number): Answer | null {
  for (let seen = asked; ; seen = Atomics.load(answered, 0)) {
    for (;;) {
      const received: { message: Answer } | undefined = receiveMessageOnPort(port)
      if (received?.message.number === number) return received.message
      if (!received) break
    }
    if (Atomics.wait(answered, 0, seen, Math.max(0, until - performance.now())) === 'timed-out') return null
  }
}
