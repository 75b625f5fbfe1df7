import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml'
import type { Problem } from './config.ts'

/** A YAML file as data, and where in the file each part of it stands. */
export type YamlFile = {
  data: unknown
  problems: Problem[]
  /** The line of a value by its path; of the nearest part above it where it does not exist. 1 for the first. */
  lineOf(path: readonly PropertyKey[]): number | null
  /** The line of a key. */
  lineOfKey(path: readonly PropertyKey[], key: string): number | null
}

/**
 * Reads YAML 1.2. `${NAME}` in a text is replaced with what `variable` answers, after parsing: a value cannot add structure. What is unset
 * stays as it stands and is answered in `unset`.
 */
export function readYaml(
  file: string,
  text: string,
  variable: (name: string) => string | undefined,
): YamlFile & { unset: { name: string; line: number | null }[] } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, strict: true, uniqueKeys: true })
  const lineAt = (offset: number | undefined) => (offset === undefined ? null : lines.linePos(offset).line)
  const problems = document.errors.map((error): Problem => {
    const words = error.message.split(' at line')[0] ?? error.message
    return {
      file,
      line: error.linePos?.[0].line ?? null,
      message: `${words}${hintFor(lineText(text, error.linePos?.[0].line))}`,
    }
  })
  const unset: { name: string; line: number | null }[] = []
  visit(document, {
    Alias(_, alias) {
      problems.push({
        file,
        line: lineAt(alias.range?.[0]),
        message: `*${alias.source} is YAML for a reference. Put patterns with * in quotes.`,
      })
      return visit.REMOVE
    },
    Scalar(_, scalar) {
      if (typeof scalar.value !== 'string') return
      scalar.value = scalar.value.replace(VARIABLE, (whole, name: string) => {
        const value = variable(name)
        if (value === undefined) unset.push({ name, line: lineAt(scalar.range?.[0]) })
        return value ?? whole
      })
    },
  })
  const data = document.errors.length === 0 ? document.toJS({ maxAliasCount: 0 }) : undefined
  return {
    data,
    problems,
    unset,
    lineOf: (path) => lineAt(rangeOf(document, path)?.[0]),
    lineOfKey(path, key) {
      const map = path.length === 0 ? document.contents : document.getIn(path, true)
      const pair = isMap(map)
        ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
        : undefined
      return isScalar(pair?.key) ? lineAt(pair.key.range?.[0]) : null
    },
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

function lineText(text: string, line: number | undefined): string {
  return line === undefined ? '' : (text.split('\n')[line - 1] ?? '')
}

/** What YAML makes of what people write, by the line that it stumbled over. */
function hintFor(line: string): string {
  if (/^\s*\t/.test(line)) return '. YAML is indented with spaces, not with tabs.'
  if (/:\s*\{\{/.test(line) || /\[\s*\{\{/.test(line)) return '. Put Liquid in quotes: "{{ … }}".'
  if (/:\s*\*/.test(line) || /\[\s*\*/.test(line))
    return '. Put patterns with * in quotes: "*/customer.erased".'
  if (/:\s*(["']).*\1\s*\S/.test(line)) {
    return '. A value that begins with a quote ends with it: put the whole of it in the other quotes.'
  }
  return ''
}
