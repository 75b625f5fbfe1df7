import { access } from './access.ts'
import { events } from './events.ts'
import { house } from './house.ts'
import { messages } from './messages.ts'
import type { Operation } from './operation.ts'
import { pauses } from './pauses.ts'
import { refused } from './refused.ts'
import { runs } from './runs.ts'
import { search } from './search.ts'
import { suppressions } from './suppressions.ts'
import { tryOut } from './try-out.ts'

/** All that the API does. A path that is named comes before one that takes a number in its place. */
export const OPERATIONS: readonly Operation[] = [
  ...house,
  ...events,
  ...messages,
  ...search,
  ...runs,
  ...refused,
  ...pauses,
  ...suppressions,
  ...tryOut,
  ...access,
]
