import { killAtEveryStep } from '../crash/rounds.ts'
import { POSTGRES, SQLITE } from '../crash/sides.ts'
import { killLedgerAfter } from '../ledger/crash.ts'

const ROUNDS = 50

killAtEveryStep(SQLITE, ROUNDS)
// Most of a round is waiting until the instance that was killed is missed.
killAtEveryStep(POSTGRES, ROUNDS, { beside: 8 })
// The three things that it does for each message, so that every round ends in another message and at another of them.
killLedgerAfter(Array.from({ length: ROUNDS }, (_, round) => 1 + round * 4))
