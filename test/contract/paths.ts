/** Finds by method and path; undefined: nobody has that. A part in braces stands for any one part; where several fit, the one that says more literally wins. */
export function finder<T extends { method: string; path: string }>(
  operations: readonly T[],
): (method: string, path: string) => T | undefined {
  const literalFirst = operations.toSorted((a, b) => bracesIn(a.path) - bracesIn(b.path))
  return (method, path) => literalFirst.find((one) => one.method === method && fits(one.path, path))
}

function fits(template: string, path: string): boolean {
  const wanted = template.split('/')
  const parts = path.split('/')
  return (
    wanted.length === parts.length &&
    wanted.every((part, n) => (part.startsWith('{') ? parts[n] !== '' : part === parts[n]))
  )
}

function bracesIn(path: string): number {
  return path.split('{').length - 1
}
