import { CHANNELS } from '../message.ts'
import type { Problem, Templates } from './config.ts'
import { parsePattern } from './pattern.ts'
import type { YamlFile } from './yaml.ts'

/**
 * What no part of the file can say alone: that a route's source, template and channels exist. Works on the data as it stands, so that these
 * problems are named together with those of the format.
 */
export function crossCheck(
  data: unknown,
  templates: Templates & { broken: ReadonlySet<string> },
  file: string,
  yaml: Pick<YamlFile, 'lineOf' | 'writtenAt' | 'isUnset'>,
): { problems: Problem[]; warnings: Problem[] } {
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const { genesys, sources, routes } = blockOf(data)
  const sourceNames = Object.keys(blockOf(sources))

  for (const [name, source] of Object.entries(blockOf(sources))) {
    const { secrets } = blockOf(source)
    if (Array.isArray(secrets) && secrets.length === 0) {
      const path = ['sources', name, 'secrets']
      warnings.push({
        file,
        line: yaml.lineOf(path),
        message: `${path.join('.')}: no secret yet; every delivery is refused until there is one`,
      })
    }
  }

  for (const [name, value] of Object.entries(blockOf(routes))) {
    const route = blockOf(value)
    const at = (key: string, message: string, list = problems) =>
      list.push({
        file,
        line: yaml.lineOf(['routes', name, key]),
        message: `routes.${name}.${key}: ${message}`,
      })

    /** What came from the environment is named as the file has it: it may be a secret. */
    const shown = (path: readonly PropertyKey[], value: string) =>
      yaml.writtenAt(['routes', name, ...path]) ?? value

    const patterns = Array.isArray(route.on)
      ? route.on.map((pattern, n) => ({ pattern, path: ['on', n] }))
      : [{ pattern: route.on, path: ['on'] }]
    const listened = patterns.flatMap(({ pattern, path }) => {
      const parsed = typeof pattern === 'string' ? parsePattern(pattern.trim()) : null
      if (!parsed || yaml.isUnset(['routes', name, ...path])) return []
      const found = sourceNames.filter((source) => parsed.listensTo(source))
      if (found.length === 0) {
        const source = shown(path, parsed.source).split('/')[0]
        at('on', `there is no source ${source}; ${thereAre(sourceNames)}`)
      }
      return found
    })

    const channels = textsOf(route.channels)
    const { template } = route
    if (typeof template === 'string' && !yaml.isUnset(['routes', name, 'template'])) {
      checkTemplate(template.trim(), shown(['template'], template.trim()), channels, templates, at)
    }
    for (const channel of ['webmessaging', 'email'] as const) {
      if (channels.includes(channel) && blockOf(genesys)[channel] === undefined) {
        at('channels', `${channel} needs genesys.${channel}`)
      }
    }

    const findBy = Array.isArray(route.findBy) ? textsOf(route.findBy) : ['externalId']
    const without = listened.filter(
      (source) => blockOf(blockOf(sources)[source]).externalSource === undefined,
    )
    if (
      channels.includes('webmessaging') &&
      findBy.includes('externalId') &&
      blockOf(genesys).externalSource === undefined &&
      without.length > 0
    ) {
      const message = `externalId cannot be looked up for events of ${[...new Set(without)].join(', ')}: neither the source nor genesys has an externalSource`
      at('findBy', message, warnings)
    }
  }
  return { problems, warnings }
}

function checkTemplate(
  template: string,
  shown: string,
  channels: readonly string[],
  templates: Templates & { broken: ReadonlySet<string> },
  at: (key: string, message: string) => void,
): void {
  // A file that cannot be read has its own problem; what the others lack without it is none.
  if (templates.broken.has(template)) return
  const files = templates.files(template)
  if (files.length === 0) {
    at('template', `there is no template ${shown}; ${thereAre(templates.names)} in templates/`)
    return
  }
  for (const channel of channels) {
    // A file without a channel serves every channel; one of another channel serves none.
    const serves = files.some(
      (file) => !/\.html\.liquid$/.test(file) && channelsIn(file).every((one) => one === channel),
    )
    if (!serves)
      at(
        'template',
        `${template} has no file for ${channel}: add ${template}.liquid or ${template}.${channel}.liquid`,
      )
    else if (channel === 'email' && !templates.hasSubject(template)) {
      at(
        'template',
        `${template} has no subject for email: give ${template}.email.liquid a front matter with subject`,
      )
    }
  }
}

function channelsIn(file: string): string[] {
  return file
    .split('.')
    .slice(1)
    .filter((part) => CHANNELS.some((channel) => channel === part))
}

function thereAre(names: readonly string[]): string {
  return `there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ') || 'none'}`
}

function blockOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
