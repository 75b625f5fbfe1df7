import { loseAnswersToCommits } from './commits.ts'

loseAnswersToCommits()
