import type { SeenRequest } from '../../src/sandbox/sandbox.ts'
import type { Description } from './document.ts'
import { isProbe, operationOf } from './hold.ts'

/** What was asked of one operation. `problems`: what they have against them, with how many have it; null: the description does not have the operation. */
export type Row = { operation: string; requests: number; problems: ReadonlyMap<string, number> | null }

/** Requests by operation, held against a description. One that neither it nor Postrider's own table has is a problem. */
export function reportOf(requests: Iterable<SeenRequest>, description: Description): Row[] {
  const rows = new Map<string, { requests: number; problems: Map<string, number> | null }>()
  for (const seen of requests) {
    const { operation, problems } = verdictOn(seen, description)
    const row = rows.get(operation) ?? { requests: 0, problems: problems && new Map<string, number>() }
    rows.set(operation, row)
    row.requests += 1
    for (const problem of problems ?? []) row.problems?.set(problem, (row.problems.get(problem) ?? 0) + 1)
  }
  return [...rows].map(([operation, row]) => ({ operation, ...row })).sort(byOperation)
}

function verdictOn(seen: SeenRequest, description: Description) {
  const { method, path } = seen
  const described = description(seen)
  if (described !== null) {
    const operation = `${method} ${described.path}`
    return isProbe(seen)
      ? { operation: `${operation} (probe)`, problems: [] }
      : { operation, problems: described.problems }
  }
  const own = operationOf(seen)
  return own
    ? { operation: `${method} ${own.path}`, problems: null }
    : { operation: `${method} ${path}`, problems: ['no operation that is known'] }
}

function byOperation(a: Row, b: Row): number {
  return a.operation < b.operation ? -1 : 1
}

/** A table for people, and below it what was found. */
export function printed(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ operation }) => operation.length))
  const lines = rows.map(({ operation, requests, problems }) => {
    const end = problems ? `${sum(problems.values())}` : 'not in the description'
    return `${operation.padEnd(width)}  ${String(requests).padStart(8)}  ${end}`
  })
  const found = rows.flatMap(({ operation, problems }) =>
    [...(problems ?? [])].map(([problem, count]) => `${operation}\n  ${problem} (${count})`),
  )
  return [
    `${'operation'.padEnd(width)}  requests  problems`,
    ...lines,
    ...(found.length ? ['', ...found] : []),
  ].join('\n')
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, one) => total + one, 0)
}
