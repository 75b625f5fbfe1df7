import type { Config } from '../config/config.ts'
import type { ReadEvent } from '../event.ts'

/** A sender's own test is kept and comes to nothing: it reaches nobody, cancels nothing and says nothing about its customer. Where its source accepts tests, it is an event like any other. */
export function isOnlyTest(
  { source, isTest }: Pick<ReadEvent, 'source' | 'isTest'>,
  { sources }: Pick<Config, 'sources'>,
): boolean {
  return isTest && !sources.get(source)?.acceptTests
}
