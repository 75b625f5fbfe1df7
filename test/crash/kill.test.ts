import { killAtEveryStep } from './rounds.ts'

// Once a step: `npm run chaos` is the long form.
killAtEveryStep(1)
