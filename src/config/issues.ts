import type { z } from 'zod'
import type { Problem } from './config.ts'
import type { YamlFile } from './yaml.ts'

type Issue = z.core.$ZodIssue

/** zod's issues as an operator reads them: where, and what was expected. */
export function describeIssues(
  issues: readonly Issue[],
  file: string,
  yaml: Pick<YamlFile, 'lineOf' | 'lineOfKey'>,
): Problem[] {
  return issues.flatMap((issue) => describe(issue, file, yaml))
}

function describe(issue: Issue, file: string, yaml: Pick<YamlFile, 'lineOf' | 'lineOfKey'>): Problem[] {
  const { path } = issue
  const where = path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      file,
      line: yaml.lineOfKey(path, key) ?? yaml.lineOf(path),
      message: `${where === '' ? '' : `${where}.`}${key}: there is no such key${meant(key, path)}`,
    }))
  }
  if (issue.code === 'invalid_key') {
    return [
      { file, line: yaml.lineOf(path), message: `${where}: ${issue.issues[0]?.message ?? 'not a name'}` },
    ]
  }
  if (issue.code === 'invalid_union') {
    // One of the forms came nearer than the others: its own words say more than "none of these".
    const near = issue.errors.find((inner) =>
      inner.some((one) => one.path.length > 0 || one.code === 'custom'),
    )
    if (near)
      return describeIssues(
        near.map((one) => ({ ...one, path: [...path, ...one.path] }) as Issue),
        file,
        yaml,
      )
  }
  return [
    { file, line: yaml.lineOf(path), message: `${where === '' ? 'the file' : where}: ${issue.message}` },
  ]
}

const KEYS = {
  top: ['genesys', 'sources', 'routes'],
  genesys: ['rateLimitPerMinute', 'externalSource', 'webmessaging', 'email', 'onlyTo'],
  sources: ['preset', 'secrets', 'dedupeFor', 'externalSource'],
  routes: [
    'on',
    'mode',
    'when',
    'customer',
    'findBy',
    'template',
    'channels',
    'once',
    'delay',
    'expireAfter',
    'brake',
    'maxAttempts',
    'onUnconfirmed',
  ],
  customer: ['externalId', 'email', 'phone', 'name', 'locale', 'timezone', 'consent'],
} as const

/** The key that was probably meant. */
function meant(key: string, path: readonly PropertyKey[]): string {
  const section = path.at(-1) === 'customer' ? 'customer' : path.length === 0 ? 'top' : String(path[0])
  const known: readonly string[] = KEYS[section as keyof typeof KEYS] ?? []
  const nearest = known
    .map((candidate) => ({ candidate, distance: distanceOf(key.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0]
  return nearest && nearest.distance <= 2 ? `; did you mean ${nearest.candidate}?` : ''
}

/** Levenshtein: how many characters to add, drop or change. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n)
  for (let n = 1; n <= a.length; n += 1) {
    const next = [n]
    for (let m = 1; m <= b.length; m += 1) {
      const change = (row[m - 1] ?? 0) + (a[n - 1] === b[m - 1] ? 0 : 1)
      next.push(Math.min(change, (row[m] ?? 0) + 1, (next[m - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
