import { killAtEveryStep } from './rounds.ts'
import { POSTGRES, SQLITE } from './sides.ts'

// Once a step: `npm run chaos` is the long form.
killAtEveryStep(SQLITE, 1)
// All at a time: most of it is waiting until the instance that was killed is missed.
killAtEveryStep(POSTGRES, 1, 6)
