import { KEYS, VALUES } from './hostile.ts'
import type { Mutate, Mutation } from './mutations.ts'

/** Far above what an example has; the largest that is taken is one of the changes. */
const LARGEST = 1024 * 1024

function bytes(change: (body: Buffer, mutation: Mutation) => Buffer): Mutate {
  return (sent, mutation) => ({ ...sent, body: change(sent.body, mutation) })
}

const joined = (...parts: (Buffer | string)[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string))).subarray(0, LARGEST)

const placeIn = (body: Buffer, at: number) => at % (body.length + 1)

/** The body's JSON with one of its values written otherwise; as it is where it is none. */
function aValue(change: (written: string, mutation: Mutation) => string): Mutate {
  return bytes((body, mutation) => {
    const text = body.toString()
    const places = [
      ...text.matchAll(/(?<=[:[,]\s*)("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null)(?=\s*[,\]}])/g),
    ]
    const place = places[mutation.at % (places.length || 1)]
    if (!place) return body
    const end = place.index + place[0].length
    return joined(text.slice(0, place.index), change(place[0], mutation), text.slice(end))
  })
}

const oneOf = (from: readonly string[], by: number) => from[by % from.length] ?? ''

/** Behind one of the places where an object begins. */
const keyed = bytes((body, { at, by }) => {
  const text = body.toString()
  const places = [...text.matchAll(/\{(?=\s*")/g)]
  const place = places[at % (places.length || 1)]
  if (!place) return body
  const key = JSON.stringify(oneOf(KEYS, by))
  return joined(
    text.slice(0, place.index + 1),
    `${key}:${oneOf(VALUES, by >> 5)},`,
    text.slice(place.index + 1),
  )
})

/** What a body may have become on its way, or what its sender may have put into it. */
export const BODY_MUTATIONS: Readonly<Record<string, Mutate>> = {
  'a bit': bytes((body, { by }) => {
    if (body.length === 0) return Buffer.from('x')
    const copy = Buffer.from(body)
    const at = (by >> 3) % copy.length
    copy.writeUInt8(copy.readUInt8(at) ^ (1 << (by & 7)), at)
    return copy
  }),
  'cut off': bytes((body, { at }) => body.subarray(0, placeIn(body, at))),
  'cut out': bytes((body, { at, by }) => {
    const from = placeIn(body, at)
    return joined(body.subarray(0, from), body.subarray(from + 1 + (by % 40)))
  }),
  'a part twice': bytes((body, { at, by }) => {
    const from = placeIn(body, at)
    return joined(body.subarray(0, from), body.subarray(from, from + 1 + (by % 200)), body.subarray(from))
  }),
  'text put in': bytes((body, { at, text }) => {
    const from = placeIn(body, at)
    return joined(body.subarray(0, from), text, body.subarray(from))
  }),
  'a blank behind': bytes((body) => joined(body, ' ')),
  twice: bytes((body) => joined(body, body)),
  'in UTF-16': bytes((body) => Buffer.from(body.toString(), 'utf16le')),
  'in Latin-1': bytes((body) => Buffer.from(body.toString(), 'latin1')),
  'behind a byte order mark': bytes((body) => joined('\ufeff', body)),
  'bytes that are no text': bytes((body, { at, by }) => {
    const from = placeIn(body, at)
    return joined(body.subarray(0, from), Buffer.from([0xff, by & 0xff, 0xc0, 0x80]), body.subarray(from))
  }),
  'another value': aValue((_, { by }) => oneOf(VALUES, by)),
  'another text': aValue((_, { text }) => JSON.stringify(text)),
  'as a text': aValue((written) => JSON.stringify(written)),
  'in a list': aValue((written) => `[${written}]`),
  'another key': keyed,
  'nested deep': aValue((written, { by }) => {
    const deep = [10, 64, 65, 5_000][by % 4] ?? 1
    return by % 2 === 0
      ? `${'['.repeat(deep)}${written}${']'.repeat(deep)}`
      : `${'{"a":'.repeat(deep)}${written}${'}'.repeat(deep)}`
  }),
  'a long value': aValue((written, { by }) => {
    // Rarely the longest: a million of those would be a million megabytes.
    const length = by % 400 === 0 ? 900_000 : by % 4_000
    return by % 2 === 0
      ? `"${'x'.repeat(length)}"`
      : written.startsWith('"')
        ? `"${'\\u00e9'.repeat(length / 6)}"`
        : '9'.repeat(1 + length)
  }),
  'a long list': aValue(
    (written, { by }) => `[${`${written},`.repeat(by % 300 === 0 ? 20_000 : by % 50)}${written}]`,
  ),
  'in a list whole': bytes((body, { by }) =>
    joined('[', ...Array.from({ length: by % 12 }, () => [body, ',']).flat(), body, ']'),
  ),
  nothing: bytes(() => Buffer.alloc(0)),
  'a list of nothing': bytes((_, { by }) =>
    Buffer.from(`[${'{},'.repeat(by % 100 === 0 ? 2_000 : by % 20)}{}]`),
  ),
  'a value alone': bytes((_, { by, text }) => Buffer.from(by % 2 === 0 ? text : oneOf(VALUES, by))),
}
