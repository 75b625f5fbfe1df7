import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { compileCondition, compileField, compileText } from '../../src/config/liquid.ts'
import type { Scope } from '../../src/scope.ts'
import { assertUnpolluted, inTime } from './bounds.ts'
import { LINES, VALUES } from './hostile.ts'
import { EXPRESSIONS, FILTERS, FRAMES } from './liquid-pieces.ts'

const ROOT = join(import.meta.dirname, '../..')

const SHIPPED = globSync('{config,examples/*}/templates/*.liquid', { cwd: ROOT }).map((file) =>
  readFileSync(join(ROOT, file), 'utf8'),
)

/** Stands where no template may reach: on a prototype, and in a file. */
const HIDDEN = 'stands-on-a-prototype'
const OF_A_FILE = '"devDependencies"'

export type Piece = {
  kind: 'text' | 'condition' | 'field'
  template: string
  value: string
  name: string
  html: boolean
}

const expression = fc
  .tuple(
    fc.constantFrom(...EXPRESSIONS),
    fc.array(fc.constantFrom(...FILTERS), { maxLength: 5, size: 'max' }),
  )
  .map((parts) => parts.flat().join(' | '))

const condition = fc
  .tuple(expression, fc.constantFrom('==', '!=', '<', '>=', 'contains', 'and', 'or', '=', '~'), expression)
  .map(([one, operator, other]) => `${one} ${operator} ${other}`)

const nested = fc
  .array(fc.tuple(fc.constantFrom(...FRAMES), fc.oneof(expression, condition)), {
    minLength: 1,
    maxLength: 4,
    size: 'max',
  })
  .map((frames) => frames.reduce((inner, [frame, of]) => frame(inner, of), 'text'))

const spoiled = fc
  .tuple(
    fc.oneof(nested, fc.constantFrom(...SHIPPED)),
    fc.nat(),
    fc.nat({ max: 20 }),
    fc.oneof(fc.constantFrom(...LINES), fc.string({ unit: 'binary' })),
  )
  .map(([template, at, count, text]) => {
    const place = at % (template.length + 1)
    return template.slice(0, place) + text + template.slice(place + count)
  })

/** Templates, conditions and fields of chance, over a payload of chance. */
export function pieces(): fc.Arbitrary<Piece> {
  return fc
    .record({
      kind: fc.constantFrom('text', 'text', 'condition', 'field'),
      nested: fc.oneof(nested, spoiled),
      condition,
      value: fc.constantFrom(...VALUES),
      name: fc.oneof(fc.constantFrom(...LINES), fc.string({ unit: 'binary' })),
      html: fc.boolean(),
    })
    .map(({ nested, condition, ...rest }) => ({
      ...rest,
      kind: rest.kind as Piece['kind'],
      template: rest.kind === 'condition' ? condition : nested,
    }))
}

/**
 * Liquid looks at the clock between two steps of a template, and a filter is one: what it does to half a million letters one by one (`split: "" | group_by`) was measured at 0.9 s.
 */
const LONGEST_MS = 2_000

/** As large as a payload may be: half a megabyte, and a list of ten thousand. */
const BIG = 'ab '.repeat(170_000)
const MANY = Array.from({ length: 10_000 }, (_, id) => ({ id, name: `n${id % 7}` }))

function scopeOf(value: string, name: string): Scope {
  const inherits = Object.assign(Object.create({ hidden: HIDDEN }), { own: 1 }) as object
  const data: Record<string, unknown> = {
    ticket: { id: 7 },
    big: BIG,
    many: MANY,
    key: '__proto__',
    text: name,
    unsafe: JSON.parse(value),
    inherits,
  }
  Object.setPrototypeOf(data, { hidden: HIDDEN })
  return {
    event: {
      id: 1,
      source: 'crm',
      type: 'ticket.resolved',
      key: 'k',
      occurredAt: '2026-11-23T09:00:00Z',
      subject: null,
    },
    payload: { data },
    data,
    customer: { externalId: 'C-1', email: 'ada@example.com', name },
  } as unknown as Scope
}

/** Throws what must not be: a render without an end, what stands on a prototype, what stands in a file. `tally`: how often it was rendered, refused or broken. */
export async function judgePiece(
  { kind, template, value, name, html }: Piece,
  tally: Map<string, number>,
): Promise<void> {
  const scope = scopeOf(value, name)
  const outcome = await inTime(`a ${kind}`, () => rendered(kind, template, html, scope), LONGEST_MS)
  tally.set(outcome.kind, (tally.get(outcome.kind) ?? 0) + 1)
  assertUnpolluted()
  assert.ok(!outcome.words.includes(HIDDEN), 'what stands on a prototype is in the text')
  assert.ok(!outcome.words.includes(OF_A_FILE), 'what stands in a file is in the text')
  assert.ok(!outcome.words.includes('[native code]'), 'a function is in the text')
  assert.ok(outcome.words.length <= MOST_CHARACTERS, `${outcome.words.length} characters`)
}

/** Liquid counts what it makes, up to two million; outputs are joined from that. */
const MOST_CHARACTERS = 8_000_000

function rendered(
  kind: Piece['kind'],
  template: string,
  html: boolean,
  scope: Scope,
): { kind: string; words: string } {
  const compiled =
    kind === 'condition'
      ? compileCondition(template)
      : kind === 'field'
        ? compileField(template)
        : compileText(template, { html })
  if (compiled.kind === 'broken') {
    assert.ok(compiled.reason.trim() !== '', 'broken without a reason')
    return { kind: `${kind} broken`, words: compiled.reason }
  }
  const { value } = compiled
  try {
    const words =
      'holds' in value
        ? String(value.holds(scope))
        : 'render' in value
          ? value.render(scope)
          : (value.value(scope) ?? '')
    return { kind: `${kind} rendered`, words }
  } catch (error) {
    assert.ok(error instanceof Error, 'what is thrown is an error')
    // Its first line is what operators are shown.
    return { kind: `${kind} refused`, words: error.message.split('\n')[0] ?? '' }
  }
}
