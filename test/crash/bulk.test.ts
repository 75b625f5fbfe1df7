import { retryInBulk } from './bulk.ts'

// Ten thousand are the long form: `npm run bulk`.
retryInBulk({ messages: 300, ratePerMinute: 6_000, killsAfter: [60, 160], toTheEnd: false })
