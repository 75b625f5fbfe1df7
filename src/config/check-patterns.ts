import { parsePattern } from './pattern.ts'
import { type Block, thereAre } from './written.ts'
import type { YamlFile } from './yaml.ts'

/**
 * The sources that what stands at `on` listens to, by name: a pattern or a list of them, as it stands. `path`: where it does. A pattern that no source can match is a
 * problem; one that is none has its own already.
 */
export function listenedTo(
  on: unknown,
  path: readonly PropertyKey[],
  sources: ReadonlyMap<string, Block>,
  yaml: Pick<YamlFile, 'writtenAt' | 'isUnset'>,
  problem: (message: string) => void,
): ReadonlyMap<string, Block> {
  const patterns = Array.isArray(on)
    ? on.map((pattern: unknown, n) => ({ pattern, at: [...path, n] }))
    : [{ pattern: on, at: path }]
  const listened = patterns.flatMap(({ pattern, at }) => {
    const parsed = typeof pattern === 'string' ? parsePattern(pattern.trim()) : null
    if (!parsed || yaml.isUnset(at)) return []
    const found = [...sources].filter(([source]) => parsed.listensTo(source))
    if (found.length === 0) {
      // What came from the environment is named as the file has it: it may be a secret.
      const source = (yaml.writtenAt(at) ?? parsed.source).split('/')[0]
      problem(`there is no source ${source}; ${thereAre([...sources.keys()])}`)
    }
    return found
  })
  return new Map(listened)
}
