import { killLedgerAfter } from './crash.ts'

// One in the middle of each thing that it does, and two with many of them behind it; `npm run chaos` is the long form.
killLedgerAfter([1, 2, 3, 50, 101])
