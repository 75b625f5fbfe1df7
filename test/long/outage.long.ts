import { surviveOutages } from './outage.ts'

surviveOutages(1000)
