import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../errors.ts'
import { MESSAGE_STATES } from '../message.ts'
import { parseDuration } from './duration.ts'

/** An example delivery, and what it is expected to plan. */
export type Fixture = {
  file: string
  source: string
  headers?: Record<string, string> | undefined
  /** When it happened, where its body does not say: `now`, or as far from it as the file says. */
  at(now: Date): Date
  /** The bytes of the body; a body that is a text is sent as it stands, anything else as JSON. `{{ now }}`, `{{ now.s }}` and `{{ now.ms }}` become `at`, and `{{ id }}` a new id each time. */
  bytes(now: Date): Buffer
  /** Null: nothing is expected; a list, also an empty one: exactly these messages. */
  expect: readonly Expectation[] | null
}

export type Expectation = z.output<typeof Expectation>

const Expectation = z.strictObject({
  route: z.string(),
  state: z.enum(MESSAGE_STATES),
  reason: z.string().optional(),
  channel: z.string().optional(),
  text: z.string().optional(),
})

const FixtureFile = z.strictObject({
  source: z.string('expected the name of a source'),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.unknown().refine((body) => body !== undefined, 'expected the body of the delivery'),
  at: z.string('expected now, a shift such as -10m, or a time').default('now'),
  expect: z.array(Expectation).optional(),
  note: z.string().optional(),
})

export type FixtureResult = { kind: 'read'; fixture: Fixture } | { kind: 'invalid'; reason: string }

/** Reads a fixture file. */
export function readFixture(file: string): FixtureResult {
  let data: unknown
  try {
    data = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    return { kind: 'invalid', reason: `not a fixture: ${messageOf(error)}` }
  }
  const parsed = FixtureFile.safeParse(data)
  if (!parsed.success) {
    const reason = parsed.error.issues
      .map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`)
      .join('; ')
    return { kind: 'invalid', reason }
  }
  const { source, headers, body, at, expect } = parsed.data
  const shift = shiftOf(at)
  if (shift === null)
    return { kind: 'invalid', reason: `at: expected now, a shift such as -10m, or a time; got ${at}` }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return {
    kind: 'read',
    fixture: {
      file,
      source,
      headers,
      at: shift,
      bytes: (now) => Buffer.from(atTime(text, shift(now))),
      expect: expect ?? null,
    },
  }
}

/** ISO 8601, and seconds and milliseconds since 1970; ids have 16 hex digits. */
function atTime(text: string, at: Date): string {
  return text
    .replaceAll('{{ id }}', () => randomBytes(8).toString('hex'))
    .replaceAll('{{ now }}', at.toISOString())
    .replaceAll('{{ now.s }}', String(Math.floor(at.getTime() / 1000)))
    .replaceAll('{{ now.ms }}', String(at.getTime()))
}

/** Every fixture file below a folder, sorted. */
export function fixtureFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(folder, name))
}

/** With its zone: the machine's must not decide. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/

function shiftOf(at: string): ((now: Date) => Date) | null {
  if (at === 'now') return (now) => now
  const ms = parseDuration(at.replace(/^[-+]/, ''))
  if (ms !== null) return (now) => new Date(now.getTime() + (at.startsWith('-') ? -ms : ms))
  const time = ISO_TIME.test(at) ? Date.parse(at) : Number.NaN
  return Number.isNaN(time) ? null : () => new Date(time)
}
