import { threadId } from 'node:worker_threads'
import { PostriderError } from '../../src/errors.ts'
import { serve } from '../../src/ledger/thread.ts'

/** A thread for the tests of `startThread`. */
serve<'echo' | 'later' | 'refuse' | 'mistake' | 'die' | 'who' | 'hold on'>((file) => {
  let holdsOn = false
  return {
    answer(question) {
      switch (question) {
        case 'echo':
          return question
        case 'later':
          return new Promise((resolve) => setImmediate(() => resolve(question)))
        case 'refuse':
          throw new PostriderError('LEDGER_BUSY', 'not now', { retryable: true })
        case 'mistake':
          throw new RangeError('a mistake')
        case 'die':
          setImmediate(() => {
            throw new Error('out of its depth')
          })
          return new Promise(() => {})
        case 'who':
          return { file, thread: threadId }
        case 'hold on':
          holdsOn = true
      }
    },
    end() {
      if (holdsOn) throw new Error('it cannot let go')
    },
  }
})
