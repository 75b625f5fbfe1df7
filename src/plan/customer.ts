import type { CustomerFields } from '../config/config.ts'
import { CUSTOMER_PROPERTIES, type Customer } from '../message.ts'
import type { Scope } from '../scope.ts'

/** Longer than any identifier that Genesys looks up (255), and than any name. */
const LONGEST = 255

/**
 * Who the event is about: by the route's own fields, or where it has none as the source names them. What is blank or too long to be what it says is absent.
 */
export function customerOf(scope: Scope, fields: CustomerFields | null, named: Customer): Customer {
  const customer: Customer = {}
  for (const property of CUSTOMER_PROPERTIES) {
    const value = fields ? fields[property]?.value(scope) : named[property]
    if (value !== undefined && value.length <= LONGEST) customer[property] = value
  }
  return customer
}
