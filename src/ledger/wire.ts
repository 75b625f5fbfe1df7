import type { Policies } from '../message.ts'

/**
 * What goes between threads beside JSON, where JSON would cost more than everything else about a call.
 *
 * Bodies go as one run of bytes: each of them apart costs five times as much to hand over.
 */
export function joinBodies(bodies: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(bodies.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const body of bodies) {
    all.set(body, at)
    at += body.length
  }
  return all
}

/** Takes the bodies that were joined, one after the other, by their lengths. Throws where so many bytes are not there. */
export function partBodies({
  buffer,
  byteOffset,
  length,
}: Uint8Array<ArrayBuffer>): (length: number) => Buffer {
  let at = 0
  return (own) => {
    if (at + own > length) throw new Error('a body did not come with what it belongs to')
    const body = Buffer.from(buffer, byteOffset + at, own)
    at += own
    return body
  }
}

/** The number that stands in the place of what was taken out. */
export function numberIn(place: unknown): number {
  if (typeof place !== 'number') throw new Error('what goes beside a call is not where it belongs')
  return place
}

/** As JSON. Policies are made once for all messages of a route that share them, and never changed; their text is made once too. */
const texts = new WeakMap<Policies, string>()

/** Policies as JSON: as they are stored, and as they go between threads. */
export function policiesText(policies: Policies): string {
  let text = texts.get(policies)
  if (text === undefined) {
    text = JSON.stringify(policies)
    texts.set(policies, text)
  }
  return text
}

/** A configuration has some dozens; a route with `once` has others for each message. */
const MOST_KNOWN = 256
const known = new Map<string, Policies>()

/** What `policiesText` made, as one object for equal texts. Not to be changed. */
export function policiesOfText(text: string): Policies {
  let policies = known.get(text)
  if (policies === undefined) {
    policies = JSON.parse(text) as Policies
    texts.set(policies, text)
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(text, policies)
  }
  return policies
}
