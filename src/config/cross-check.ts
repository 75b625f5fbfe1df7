import { CHANNELS } from '../message.ts'
import { checkPolicies } from './check-policies.ts'
import { checkReach } from './check-reach.ts'
import { checkSource } from './check-source.ts'
import { type CheckedTemplates, checkTemplate } from './check-template.ts'
import type { Problem } from './config.ts'
import { parsePattern } from './pattern.ts'
import { blockOf, thereAre, type WrittenRoute, wordsOf } from './written.ts'
import type { YamlFile } from './yaml.ts'

/**
 * What no part of the file can say alone: that a route's source, template and channels exist, and that what it names leads to the customer.
 * Works on the data as it stands, so that these problems are named together with those of the format.
 */
export function crossCheck(
  data: unknown,
  templates: CheckedTemplates,
  file: string,
  yaml: Pick<YamlFile, 'lineOf' | 'writtenAt' | 'isUnset'>,
): { problems: Problem[]; warnings: Problem[] } {
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const { genesys, routes, ...rest } = blockOf(data)
  const sources = new Map(Object.entries(blockOf(rest.sources)).map(([name, one]) => [name, blockOf(one)]))
  const sayAt = (list: Problem[], path: readonly string[], message: string) =>
    list.push({ file, line: yaml.lineOf(path), message: `${path.join('.')}: ${message}` })

  for (const [name, source] of sources) {
    checkSource(source, (key, message) => sayAt(warnings, ['sources', name, key], message))
  }

  for (const [name, value] of Object.entries(blockOf(routes))) {
    const route = blockOf(value)
    const written: WrittenRoute = {
      route,
      channels: wordsOf(route.channels, CHANNELS),
      problem: (key, message) => sayAt(problems, ['routes', name, key], message),
      warning: (key, message) => sayAt(warnings, ['routes', name, key], message),
    }

    /** What came from the environment is named as the file has it: it may be a secret. */
    const shown = (path: readonly PropertyKey[], value: string) =>
      yaml.writtenAt(['routes', name, ...path]) ?? value

    const patterns = Array.isArray(route.on)
      ? route.on.map((pattern, n) => ({ pattern, path: ['on', n] }))
      : [{ pattern: route.on, path: ['on'] }]
    const listened = patterns.flatMap(({ pattern, path }) => {
      const parsed = typeof pattern === 'string' ? parsePattern(pattern.trim()) : null
      if (!parsed || yaml.isUnset(['routes', name, ...path])) return []
      const found = [...sources].filter(([source]) => parsed.listensTo(source))
      if (found.length === 0) {
        const source = shown(path, parsed.source).split('/')[0]
        written.problem('on', `there is no source ${source}; ${thereAre([...sources.keys()])}`)
      }
      return found
    })

    const { template } = route
    if (typeof template === 'string' && !yaml.isUnset(['routes', name, 'template'])) {
      checkTemplate(template.trim(), shown(['template'], template.trim()), templates, written)
    }
    checkReach(written, blockOf(genesys), new Map(listened))
    checkPolicies(written, [...sources.values()])
  }
  return { problems, warnings }
}
