import { createHash, hash } from 'node:crypto'
import { type Customer, IDENTIFIERS, type IdentifierName } from '../message.ts'

/** Bytes of one hash. */
export const LENGTH = 16

/**
 * Keys are indexed by the first 16 bytes of a SHA-256: short, of one length, and at ten million keys a collision is a matter of 1 in 10^24.
 * NUL separates the parts; no name contains one. Nor has the name of a source a colon: what is not the hash of a key is told apart by that.
 */
function hashOf(kind: string, value: string): Buffer {
  return bytesOf(hash('sha256', `${kind}\0${value}`, 'binary'))
}

/** The first 16 bytes of a digest that was asked for as text, a character a byte (`binary`): as a buffer of its own it costs three times as much. */
export function bytesOf(digest: string): Buffer {
  return Buffer.from(digest.slice(0, LENGTH), 'latin1')
}

/** Of an event's key within its source. */
export function eventKeyHash(source: string, key: string): Buffer {
  return hashOf(source, key)
}

/** Of the bytes of an event's body within its source, whatever event it says it is. */
export function bodyHash(source: string, body: Uint8Array): Buffer {
  return bytesOf(createHash('sha256').update(`body:${source}\0`).update(body).digest('binary'))
}

/** Of a body (its `bodyHash`) as an event of a type. */
export function bodyAsHash(source: string, body: Buffer, type: string): Buffer {
  return hashOf(`body-as:${source}`, `${body.toString('hex')}\0${type}`)
}

/** Of a body (its `bodyHash`) that could not be read as an event. */
export function unreadableBodyHash(source: string, body: Buffer): Buffer {
  return hashOf(`body-unreadable:${source}`, body.toString('hex'))
}

/** Of the `nth` time that a body (its `bodyHash`) was kept without being planned. */
export function flaggedBodyHash(source: string, body: Buffer, nth: number): Buffer {
  return hashOf(`body-flagged:${source}`, `${body.toString('hex')}\0${nth}`)
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
