import { redact } from './redact.ts'

/** A number as people write it, with no `+` before it: the trail of an id is no place for one. A date is none. */
const BARE_PHONE = /(?<![\w-])(?!\d{4}-\d{2}-\d{2}(?!\d))\(?0?\d(?:[\s()./-]{0,2}\d){6,}(?![\w-])/g

/** What somebody typed, without what looks like an address or a number of a customer: for what outlives them, leaves the house, or is shown to those who may not see them. */
export function withoutAddresses(text: string): string {
  return redact(text).replace(BARE_PHONE, '[phone]')
}
