import { surviveOutages } from '../long/outage.ts'

// `npm run outage` is the long form.
surviveOutages(120)
