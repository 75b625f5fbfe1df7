import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
  type YAMLError,
} from 'yaml'
import { messageOf } from '../errors.ts'
import type { Problem } from './config.ts'

/** A YAML file as data, and where in the file each part of it stands. */
export type YamlFile = {
  /** Undefined where YAML itself is broken. */
  data: unknown
  problems: Problem[]
  /** The line of a value by its path; of the nearest part above it where it does not exist. 1 for the first. */
  lineOf(path: readonly PropertyKey[]): number | null
  /** The line of a key. */
  lineOfKey(path: readonly PropertyKey[], key: string): number | null
  /** The text of a value as the file has it, where variables were put into it or should have been; null where it has none. */
  writtenAt(path: readonly PropertyKey[]): string | null
  /** Whether a variable of the value is not set. */
  isUnset(path: readonly PropertyKey[]): boolean
}

/**
 * Reads YAML 1.2. `${NAME}` in a value is replaced with what `variable` answers, after parsing: it cannot add structure. What is unset stays as
 * it stands and is answered in `unset`; what `variable` throws is a problem.
 */
export function readYaml(
  file: string,
  text: string,
  variable: (name: string) => string | undefined,
): YamlFile & { unset: { name: string; line: number | null }[] } {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    strict: true,
    uniqueKeys: true,
    logLevel: 'error',
  })
  const lineAt = (offset: number | undefined) => (offset === undefined ? null : lines.linePos(offset).line)
  const problems: Problem[] = []
  // What else YAML says about a line follows from the first.
  const problem = (line: number | null, message: string) => {
    if (line === null || problems.every((one) => one.line !== line)) problems.push({ file, line, message })
  }
  for (const error of [...document.errors, ...document.warnings])
    problem(error.linePos?.[0].line ?? null, wordsOf(error, text))

  const unset: { name: string; line: number | null }[] = []
  const written = new Map<unknown, { text: string; unset: boolean }>()
  const resolve = (scalar: Scalar<string>) => {
    const line = lineAt(scalar.range?.[0])
    const { value } = scalar
    let isUnset = false
    scalar.value = value.replace(VARIABLE, (whole, name: string) => {
      try {
        const found = variable(name)
        if (found !== undefined) return found
        unset.push({ name, line })
      } catch (error) {
        problem(line, messageOf(error))
      }
      isUnset = true
      return whole
    })
    if (/\$\{/.test(value.replaceAll(VARIABLE, '')))
      problem(line, `expected \${NAME}: a name of letters, digits and _, and nothing else`)
    if (value.includes('${')) written.set(scalar, { text: value, unset: isUnset })
  }
  visit(document, {
    Alias(_, alias) {
      problem(
        lineAt(alias.range?.[0]),
        'a value that begins with * is YAML for a reference. Put patterns with * in quotes.',
      )
      return visit.REMOVE
    },
    Pair(_, { key }) {
      if (isScalar(key)) {
        // zod passes over it in silence.
        if (key.value === '__proto__') problem(lineAt(key.range?.[0]), '__proto__: there is no such key')
        return
      }
      if (key === null) return
      problem(
        lineAt((key as Node).range?.[0]),
        '{ } within { } is YAML for a block. Put Liquid in quotes: "{{ … }}"; a condition (when) is written without {{ }}.',
      )
      return visit.REMOVE
    },
    Scalar(key, scalar) {
      if (typeof scalar.value === 'string' && key !== 'key') resolve(scalar as Scalar<string>)
    },
  })
  const nodeAt = (path: readonly PropertyKey[]) =>
    path.length === 0 ? document.contents : document.getIn(path, true)
  return {
    data: document.errors.length === 0 ? document.toJS({ maxAliasCount: 0 }) : undefined,
    problems,
    unset,
    lineOf: (path) => lineAt(rangeOf(document, path)?.[0]),
    lineOfKey(path, key) {
      const map = nodeAt(path)
      const pair = isMap(map)
        ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
        : undefined
      return isScalar(pair?.key) ? lineAt(pair.key.range?.[0]) : null
    },
    writtenAt: (path) => written.get(nodeAt(path))?.text ?? null,
    isUnset: (path) => written.get(nodeAt(path))?.unset ?? false,
  }
}

export const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

function rangeOf(document: Document, path: readonly PropertyKey[]): Node['range'] {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const here = path.slice(0, depth)
    const parent = depth === 1 ? document.contents : document.getIn(here.slice(0, -1), true)
    // A key says better than its value where something stands: the value of a block begins on the next line.
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === here.at(-1))
      if (isScalar(pair?.key)) return pair.key.range
    }
    if (isSeq(parent)) {
      const node = document.getIn(here, true) as Node | undefined
      if (node) return node.range
    }
  }
  return document.contents?.range
}

/** What YAML says, without what it quotes of the file, which may be a secret; and what it makes of what people write. */
function wordsOf(error: YAMLError, text: string): string {
  if (error.code === 'MULTIPLE_DOCS') return 'expected one document; remove the line ---'
  if (/\btags?\b/i.test(error.message.split('\n')[0] ?? ''))
    return 'a value that begins with ! is YAML for a type. Put it in quotes.'
  if (error.code === 'DUPLICATE_KEY') return 'this key stands in its block twice; remove one of the two'
  const words = (error.message.split(' at line')[0] ?? error.message).replace(/(?<=[\w)]): .*/s, '')
  const line = error.linePos?.[0].line
  return `${words}${line === undefined ? '' : hintFor(text.split('\n')[line - 1] ?? '')}`
}

function hintFor(line: string): string {
  if (/^ *\t/.test(line)) return '. YAML is indented with spaces, not with tabs.'
  if (/:\s*\{\{/.test(line) || /\[\s*\{\{/.test(line)) return '. Put Liquid in quotes: "{{ … }}".'
  if (/:\s*\*/.test(line) || /\[\s*\*/.test(line))
    return '. Put patterns with * in quotes: "*/customer.erased".'
  if (/:\s.*:\s/.test(line.replace(/(["']).*?\1/g, ''))) return '. Put a value that has ": " in it in quotes.'
  if (/:\s*(["']).*\1\s*\S/.test(line)) {
    return '. A value that begins with a quote ends with it: put the whole of it in the other quotes.'
  }
  return ''
}
