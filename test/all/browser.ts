import { allOf } from '../all-of.ts'

await allOf('browser')
