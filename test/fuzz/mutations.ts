import fc from 'fast-check'
import { NOW } from './authentic.ts'
import { BODY_MUTATIONS } from './body-mutations.ts'
import { LINES } from './hostile.ts'
import type { Sent } from './senders.ts'

/** One change. `at` and `by`: any numbers, for where and how much; `text`: what is put there. `other`: another delivery, of anybody. */
export type Mutation = { what: string; at: number; by: number; text: string }
export type Mutate = (sent: Sent, mutation: Mutation, other: Sent) => Sent

/** What goes over the wire besides the body: a character a byte. */
const wire = (text: string) => Buffer.from(text).toString('latin1')

function splicing(
  change: (headers: Sent['headers'], at: number, mutation: Mutation, other: Sent) => Sent['headers'],
): Mutate {
  return (sent, mutation, other) => {
    const at = sent.headers.length === 0 ? 0 : mutation.at % sent.headers.length
    return { ...sent, headers: change(sent.headers, at, mutation, other) }
  }
}

function valued(change: (value: string, mutation: Mutation) => string): Mutate {
  return splicing((headers, at, mutation) =>
    headers.map(([name, value], n) => (n === at ? [name, change(value, mutation)] : [name, value])),
  )
}

function targeted(change: (target: string, mutation: Mutation) => string): Mutate {
  return (sent, mutation) => ({ ...sent, target: change(sent.target, mutation) })
}

const inserted = (value: string, at: number, text: string) => {
  const place = at % (value.length + 1)
  return value.slice(0, place) + text + value.slice(place)
}

/** A bit of one character turned. */
const turned = (value: string, { by }: Mutation) => {
  if (value === '') return 'x'
  const place = (by >> 3) % value.length
  return (
    value.slice(0, place) +
    String.fromCharCode(value.charCodeAt(place) ^ (1 << (by & 7))) +
    value.slice(place + 1)
  )
}

/** Digits moved: the times of a signature, and its numbers. */
const later = (value: string, { by }: Mutation) =>
  value.replace(/\d{9,15}/, (digits) => String(Number(digits) + ((by % 2_000_000) - 1_000_000)))

const TIMES = [
  '',
  '0',
  '-1',
  '1e9',
  'NaN',
  'Infinity',
  '99999999999999999999',
  '2026-13-45T99:99:99Z',
  '2026-11-23T09:00:00',
  '0x69',
  ' 1795424400',
  '1795424400.0',
  '１７９５４２４４００',
  'Mon, 23 Nov 2026 09:00:00 GMT+1',
  String(NOW),
  String(NOW / 1000),
  new Date(NOW).toISOString(),
]

/** Names that mean something to somebody on the way. */
const NAMES = [
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'svix-id',
  'svix-timestamp',
  'svix-signature',
  'authorization',
  'x-postrider-token',
  'x-hub-signature-256',
  'x-forwarded-host',
  'host',
  'content-type',
  '__proto__',
  'constructor',
  'x-event-id',
  'cookie',
  'x-kind',
]

const TRANSPORT: Readonly<Record<string, Mutate>> = {
  'a bit of a header': valued(turned),
  'a header cut': valued((value, { by }) => value.slice(0, by % (value.length + 1))),
  'text in a header': valued((value, { by, text }) => inserted(value, by, wire(text))),
  'a header replaced': valued((_, { text }) => wire(text)),
  'a header shouted': valued((value) => value.toUpperCase()),
  'a header in base64url': valued((value) =>
    value.replace(/[+]/g, '-').replace(/[/]/g, '_').replace(/=+$/, ''),
  ),
  'a header joined with itself': valued((value, { by }) => `${value}${[', ', ',', ' '][by % 3]}${value}`),
  'a header without end': valued((value, { by, text }) =>
    `${value}${wire(text).repeat(1 + (by % 300))}`.slice(0, 16_000),
  ),
  'blanks around a header': valued((value, { by }) => `${[' ', '\t', '\u00a0', '\0'][by % 4]}${value} `),
  'a number moved': valued(later),
  'another time': valued((_, { by }) => TIMES[by % TIMES.length] ?? ''),
  'a header dropped': splicing((headers, at) => headers.toSpliced(at, 1)),
  'a header twice': splicing((headers, at) => [...headers, ...headers.slice(at, at + 1)]),
  'a header twice, shouted': splicing((headers, at) =>
    headers
      .slice(at, at + 1)
      .map(([name, value]): readonly [string, string] => [name.toUpperCase(), value])
      .concat(headers),
  ),
  'a header beside another value': splicing((headers, at, { text }) =>
    headers.flatMap(([name, value], n) =>
      n === at
        ? [
            [name, wire(text)],
            [name, value],
          ]
        : [[name, value]],
    ),
  ),
  'headers in another case': splicing((headers) =>
    headers.map(([name, value]) => [name.replace(/(^|-)([a-z])/g, (all) => all.toUpperCase()), value]),
  ),
  'headers turned round': splicing((headers) => headers.toReversed()),
  'a header of a meaning': splicing((headers, at, { by, text }) =>
    headers.toSpliced(at, 0, [NAMES[by % NAMES.length] ?? '', wire(text)]),
  ),
  'a name replaced': splicing((headers, at, { by }) =>
    headers.map(([name, value], n) => (n === at ? [NAMES[by % NAMES.length] ?? '', value] : [name, value])),
  ),
  'a letter of a name': splicing((headers, at, mutation) =>
    headers.map(([name, value], n) => (n === at ? [turned(name, mutation), value] : [name, value])),
  ),
  'a hundred headers': splicing((headers, at, { text }) =>
    headers.toSpliced(
      at,
      0,
      ...Array.from({ length: 100 }, (_, n) => [`x-${n}`, wire(text).slice(0, 20)] as const),
    ),
  ),
  "another's headers": splicing((_headers, _at, _mutation, other) => other.headers),
  "one of another's headers": splicing((headers, _at, { by }, other) => [
    ...headers,
    ...other.headers.slice(by % (other.headers.length + 1)).slice(0, 1),
  ]),
  "another's body": (sent, _, other) => ({ ...sent, body: other.body }),
  "another's place": (sent, _, other) => ({ ...sent, source: other.source, target: other.target }),
  'a query': targeted((target, { text }) => `${target}${target.includes('?') ? '&' : '?'}${wire(text)}`),
  'a query twice': targeted((target) => `${target}&${target.split('?')[1] ?? 'token=x'}`),
  'a bit of the target': targeted((target, mutation) => `/${turned(target.slice(1), mutation)}`),
  'text in the target': targeted((target, { at, text }) => `/${inserted(target.slice(1), at, wire(text))}`),
  'an encoded letter': targeted((target, { at }) => {
    const place = 1 + (at % (target.length - 1 || 1))
    const code = target.charCodeAt(place) || 0x2f
    return `${target.slice(0, place)}%${code.toString(16).padStart(2, '0')}${target.slice(place + 1)}`
  }),
  'a whole URL': targeted((target) => `http://other.example.com${target}`),
  'another method': (sent, { by }) => ({
    ...sent,
    method: ['PUT', 'post', 'GET', 'POST ', 'PATCH'][by % 5] ?? '',
  }),
}

/** Changes on the way, by somebody who has no secret. */
export const ON_THE_WAY: Readonly<Record<string, Mutate>> = { ...TRANSPORT, ...BODY_MUTATIONS }

/** One of these changes. */
export function mutationOf(changes: Readonly<Record<string, Mutate>>): fc.Arbitrary<Mutation> {
  return fc.record({
    what: fc.constantFrom(...Object.keys(changes)),
    at: fc.nat(),
    by: fc.nat(),
    text: fc.oneof(fc.constantFrom(...LINES), fc.string({ unit: 'binary', maxLength: 30 })),
  })
}

/** The delivery after all of them, in their order. */
export function changed(sent: Sent, mutations: readonly Mutation[], other: Sent): Sent {
  return mutations.reduce((one, mutation) => {
    const change = ON_THE_WAY[mutation.what]
    if (!change) throw new Error(`there is no change ${mutation.what}`)
    return change(one, mutation, other)
  }, sent)
}
