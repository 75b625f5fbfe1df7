import { killAtEveryStep } from './rounds.ts'
import { POSTGRES, SQLITE } from './sides.ts'
import { STEPS } from './steps.ts'

// Once a step: `npm run chaos` is the long form.
killAtEveryStep(SQLITE, 1)
// Every other step, all at a time: most of it is waiting until the instance that was killed is missed.
killAtEveryStep(POSTGRES, 1, { beside: 3, steps: STEPS.filter((_, n) => n % 2 === 1) })
