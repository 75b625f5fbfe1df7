import { hash } from 'node:crypto'
import { type Customer, IDENTIFIERS, type IdentifierName } from '../message.ts'

/**
 * Keys are indexed by the first 16 bytes of a SHA-256: short, of one length, and at ten million keys a collision is a matter of 1 in 10^24.
 * NUL separates the parts; no name contains one.
 */
function hashOf(kind: string, value: string): Buffer {
  return hash('sha256', `${kind}\0${value}`, 'buffer').subarray(0, 16)
}

/** Of an event's key within its source. */
export function eventKeyHash(source: string, key: string): Buffer {
  return hashOf(source, key)
}

/** Of a business key (`once`) within its route. */
export function onceKeyHash(route: string, key: string): Buffer {
  return hashOf(route, key)
}

/** Of each identifier that the customer has. Addresses are equal whatever their case, phone numbers however they are grouped. */
export function identifierHashes(customer: Customer): Buffer[] {
  return IDENTIFIERS.flatMap((name) => {
    const value = customer[name]
    return value === undefined ? [] : [hashOf(name, NORMAL[name](value))]
  })
}

const NORMAL: Readonly<Record<IdentifierName, (value: string) => string>> = {
  externalId: (value) => value,
  email: (value) => value.trim().toLowerCase(),
  phone: (value) => value.replace(/[^\d+]/g, ''),
}
