import type { z } from 'zod'
import { Format, type Parsed } from './schema.ts'
import type { YamlFile } from './yaml.ts'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/**
 * Parses the data of a file by its format. What is wrong only because a variable is not set is no issue: such a value is left out, and its default
 * or its absence stands for it, so that a configuration can be checked without its environment. `parsed` is null where issues remain.
 */
export function parseFormat(yaml: Pick<YamlFile, 'data' | 'isUnset'>): {
  parsed: Parsed | null
  issues: readonly Issue[]
} {
  let data = yaml.data
  const leftOut = new Set<string>()
  for (;;) {
    const result = Format.safeParse(data)
    if (result.success) return { parsed: result.data, issues: [] }
    const waiting = result.error.issues.map((issue) => ({ issue, path: unsetIn(issue, yaml, leftOut) }))
    const wrong = waiting.filter(({ path }) => path === null)
    if (wrong.length > 0) {
      const isUnset = (path: Path) => yaml.isUnset(path) || leftOut.has(path.join('.'))
      return { parsed: null, issues: wrong.map(({ issue }) => withoutUnset(issue, isUnset)) }
    }
    const paths = waiting.flatMap(({ path }) => (path === null ? [] : [path]))
    for (const path of paths) leftOut.add(path.join('.'))
    data = without(data, paths)
  }
}

/**
 * What to leave out because of an issue: the unset value that it is due to, or the block around one that is left out already and that is
 * required. Null where it is due to none.
 */
function unsetIn(issue: Issue, yaml: Pick<YamlFile, 'isUnset'>, leftOut: ReadonlySet<string>): Path | null {
  const { path } = issue
  const gone = (one: Path) => leftOut.has(one.join('.'))
  // A route or a source does not wait whole: what it has besides must be checked.
  const waitsWhole = (path[0] === 'genesys' && path.length > 2) || path[0] === 'notify'
  if (gone(path)) return waitsWhole && path.length > 1 ? path.slice(0, -1) : null
  if (yaml.isUnset(path)) return path
  if (issue.code !== 'invalid_union') return null
  const inner = issue.errors
    .flat()
    .map((one) => [...path, ...one.path])
    .filter((one) => one.length > path.length)
  if (!inner.every((one) => yaml.isUnset(one) || gone(one))) return null
  return inner.find((one) => !gone(one)) ?? (inner.length > 0 ? path : null)
}

/** Of the forms that a value may have, what is wrong with them besides what is not set. */
function withoutUnset(issue: Issue, isUnset: (path: Path) => boolean): Issue {
  if (issue.code !== 'invalid_union') return issue
  const errors = issue.errors.map((list) => list.filter((one) => !isUnset([...issue.path, ...one.path])))
  return { ...issue, errors } as Issue
}

function without(data: unknown, paths: readonly Path[]): unknown {
  const copy = structuredClone(data)
  // From the end of a list to its beginning, so that no index moves.
  for (const path of paths.toReversed()) {
    const parent = path.slice(0, -1).reduce<unknown>((part, key) => Reflect.get(Object(part), key), copy)
    const last = path.at(-1)
    if (Array.isArray(parent)) parent.splice(Number(last), 1)
    else if (last !== undefined) Reflect.deleteProperty(Object(parent), last)
  }
  return copy
}
