import { z } from 'zod'
import type { Problem } from './config.ts'
import type { YamlFile } from './yaml.ts'

type Issue = z.core.$ZodIssue
type Place = Pick<YamlFile, 'lineOf' | 'lineOfKey' | 'writtenAt'>

/** zod's issues as an operator reads them: where, and what was expected. `format` is what was parsed with; it knows which keys there are. */
export function describeIssues(
  issues: readonly Issue[],
  file: string,
  yaml: Place,
  format: z.ZodType,
): Problem[] {
  return issues.flatMap((issue) => describe(issue, file, yaml, format))
}

function describe(issue: Issue, file: string, yaml: Place, format: z.ZodType): Problem[] {
  const { path } = issue
  const where = path.map(String).join('.')
  const problem = (message: string): Problem[] => [
    { file, line: yaml.lineOf(path), message: `${where || 'the file'}: ${message}` },
  ]
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(format, path)
    return issue.keys.map((key) => ({
      file,
      line: yaml.lineOfKey(path, key) ?? yaml.lineOf(path),
      message: `${where === '' ? '' : `${where}.`}${key}: there is no such key${meant(key, known)}`,
    }))
  }
  if (issue.code === 'invalid_key') return problem(issue.issues[0]?.message ?? 'not a name')
  if (issue.code === 'invalid_union') {
    // One of the forms came nearer than the others: its own words say more than "none of these".
    const near = issue.errors.find((inner) =>
      inner.some((one) => one.path.length > 0 || one.code === 'custom' || one.code === 'unrecognized_keys'),
    )
    const inner = near?.map((one): Issue => ({ ...one, path: [...path, ...one.path] }))
    if (inner) return describeIssues(inner, file, yaml, format)
  }
  // Liquid quotes what it stumbled over, which here came from the environment.
  if (issue.code === 'custom' && typeof issue.params?.quotes === 'string' && yaml.writtenAt(path) === null) {
    return problem(`${issue.message}: ${issue.params.quotes}`)
  }
  return problem(issue.message)
}

/** The keys that a block may have, by its path; those that are not supported yet are none to suggest. */
function keysAt(format: z.ZodType, path: readonly PropertyKey[]): string[] {
  const [key, ...rest] = path
  const inner = unwrapped(format)
  if (inner instanceof z.ZodUnion) return inner.options.flatMap((option) => keysAt(option as z.ZodType, path))
  if (inner instanceof z.ZodArray) return key === undefined ? [] : keysAt(inner.element as z.ZodType, rest)
  if (inner instanceof z.ZodRecord) return key === undefined ? [] : keysAt(inner.valueType as z.ZodType, rest)
  if (!(inner instanceof z.ZodObject)) return []
  const shape = inner.shape as Record<string, z.ZodType>
  if (key === undefined) return Object.keys(shape).filter((one) => !isLater(shape[one]))
  const value = shape[String(key)]
  return value ? keysAt(value, rest) : []
}

function unwrapped(format: z.ZodType): z.ZodType {
  if (format instanceof z.ZodOptional || format instanceof z.ZodDefault)
    return unwrapped(format.unwrap() as z.ZodType)
  return format instanceof z.ZodPipe ? unwrapped(format.in as z.ZodType) : format
}

function isLater(format: z.ZodType | undefined): boolean {
  return format !== undefined && unwrapped(format) instanceof z.ZodUndefined
}

/** The key that was probably meant: at most two characters away, and no more than a third of what was written. */
function meant(key: string, known: readonly string[]): string {
  const nearest = known
    .map((candidate) => ({ candidate, distance: distanceOf(key.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0]
  const near = Math.min(2, Math.floor(key.length / 3))
  return nearest && nearest.distance <= near ? `; did you mean ${nearest.candidate}?` : ''
}

/** How many characters to add, drop, change or swap with their neighbour. */
function distanceOf(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, n) => n)]
  const at = (n: number, m: number) => rows[n]?.[m] ?? 0
  for (let n = 1; n <= a.length; n += 1) {
    rows.push([n])
    for (let m = 1; m <= b.length; m += 1) {
      const change = at(n - 1, m - 1) + (a[n - 1] === b[m - 1] ? 0 : 1)
      const swapped = n > 1 && m > 1 && a[n - 1] === b[m - 2] && a[n - 2] === b[m - 1]
      const swap = swapped ? at(n - 2, m - 2) + 1 : change
      rows[n]?.push(Math.min(change, swap, at(n - 1, m) + 1, at(n, m - 1) + 1))
    }
  }
  return at(a.length, b.length)
}
