import { retryInBulk } from '../crash/bulk.ts'

retryInBulk({ messages: 10_000, ratePerMinute: 60_000, killsAfter: [2_500, 6_000], toTheEnd: true })
