import { allOf } from '../all-of.ts'

await allOf('commands')
