import { CHANNELS } from '../message.ts'
import { checkCart } from './check-cart.ts'
import { checkKeys } from './check-keys.ts'
import { checkMoment } from './check-moment.ts'
import { listenedTo } from './check-patterns.ts'
import { checkPolicies } from './check-policies.ts'
import { checkReach } from './check-reach.ts'
import { checkSource } from './check-source.ts'
import { checkSuppressOn } from './check-suppress-on.ts'
import { type CheckedTemplates, checkTemplate } from './check-template.ts'
import { checkTimes } from './check-times.ts'
import type { Problem } from './config.ts'
import { blockOf, listOf, type WrittenRoute, wordsOf } from './written.ts'
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
  const sayAt = (list: Problem[], path: readonly PropertyKey[], message: string) =>
    list.push({ file, line: yaml.lineOf(path), message: `${path.map(String).join('.')}: ${message}` })

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
      isUnset: (...path) => yaml.isUnset(['routes', name, ...path]),
      isFromEnvironment: (...path) => yaml.writtenAt(['routes', name, ...path]) !== null,
    }

    const listened = listenedTo(route.on, ['routes', name, 'on'], sources, yaml, (message) =>
      written.problem('on', message),
    )
    for (const [n, entry] of listOf(route.cancelOn).entries()) {
      const path = ['routes', name, 'cancelOn', n, 'on']
      listenedTo(blockOf(entry).on, path, sources, yaml, (message) => sayAt(problems, path, message))
    }

    const { template } = route
    const at = ['routes', name, 'template']
    if (typeof template === 'string' && !yaml.isUnset(at)) {
      // What came from the environment is named as the file has it: it may be a secret.
      checkTemplate(template.trim(), yaml.writtenAt(at) ?? template.trim(), templates, written)
    }
    checkReach(written, blockOf(genesys), listened)
    checkPolicies(written, [...sources.values()])
    checkMoment(written, listened, [...sources.values()])
    checkKeys(written)
    checkTimes(written)
    checkCart(written, listened)
  }
  for (const [n, entry] of listOf(rest.suppressOn).entries()) {
    const path = ['suppressOn', n, 'on']
    const listened = listenedTo(blockOf(entry).on, path, sources, yaml, (message) =>
      sayAt(problems, path, message),
    )
    checkSuppressOn(blockOf(entry).on, listened, (message) => sayAt(warnings, path, message))
  }
  return { problems, warnings }
}
