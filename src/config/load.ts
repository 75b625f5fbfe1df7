import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Variables, variable } from '../environment.ts'
import { messageOf } from '../errors.ts'
import { presetNamed } from '../receive/sources/presets.ts'
import type { Config, Problem, Route, Source } from './config.ts'
import { crossCheck } from './cross-check.ts'
import { customOf } from './custom.ts'
import { describeIssues } from './issues.ts'
import { parseFormat } from './parse-format.ts'
import { Format, type Parsed } from './schema.ts'
import { loadTemplates } from './templates.ts'
import { readYaml, VARIABLE } from './yaml.ts'

export type ConfigResult =
  | { kind: 'loaded'; config: Config; unsetAt: UnsetAt }
  /** Every problem at once, in the file's order. None quotes a secret. */
  | { kind: 'invalid'; problems: readonly Problem[] }

/** Which variables of a value are not set; null: it has none of these. */
export type UnsetAt = (path: readonly string[]) => Problem | null

/**
 * Loads postrider.yaml and the templates beside it (`templates/`). `${NAME}` is read from `env`; with `unsetVariables: 'warn'` what is not set stays
 * as it stands and is a warning, so that a configuration can be checked without its secrets.
 */
export function loadConfig(options: {
  file: string
  env: Variables
  unsetVariables: 'error' | 'warn'
}): ConfigResult {
  const { file, env } = options
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const message = `cannot be read: ${messageOf(error)}. POSTRIDER_CONFIG names the configuration.`
    return { kind: 'invalid', problems: [{ file, line: null, message }] }
  }
  const yaml = readYaml(file, text, (name) => variable(env, name))
  const {
    templates,
    problems: ofTemplates,
    broken,
    content,
  } = loadTemplates(join(dirname(file), 'templates'))
  const unset = yaml.unset.map(
    ({ name, line }): Problem => ({ file, line, message: `\${${name}} is not set in the environment` }),
  )
  const problems = [...yaml.problems, ...ofTemplates, ...(options.unsetVariables === 'error' ? unset : [])]
  if (yaml.data === undefined) return { kind: 'invalid', problems: inOrder(problems, file) }

  const { parsed, issues } = parseFormat(yaml)
  const checked = crossCheck(yaml.data, { ...templates, broken }, file, yaml)
  // What is wrong with a line that YAML read as something else follows from that.
  const misread = new Set(yaml.problems.map(({ line }) => line))
  problems.push(
    ...[...describeIssues(issues, file, yaml, Format), ...checked.problems].filter(
      ({ line }) => line === null || !misread.has(line),
    ),
  )
  if (problems.length > 0 || parsed === null) return { kind: 'invalid', problems: inOrder(problems, file) }

  return {
    kind: 'loaded',
    unsetAt(path) {
      if (!yaml.isUnset(path)) return null
      const written = yaml.writtenAt(path) ?? ''
      const names = yaml.unset.map(({ name }) => `\${${name}}`).filter((one) => written.includes(one))
      const message = `${path.join('.')}: ${[...new Set(names)].join(', ')} is not set in the environment`
      return { file, line: yaml.lineOf(path), message }
    },
    config: {
      version: versionOf(text, yaml.data, content),
      file,
      genesys: genesysOf(parsed.genesys),
      sources: new Map(
        Object.entries(parsed.sources).map(([name, source]) => [name, sourceOf(name, source)]),
      ),
      routes: Object.entries(parsed.routes).map(([name, route]) => routeOf(name, route)),
      suppressOn: parsed.suppressOn.map(({ on, channels }) => ({ on, channels: channels ?? null })),
      retention: { payloadMs: parsed.retention.payload, rowsMs: parsed.retention.rows },
      notify: parsed.notify ? { url: parsed.notify.url, secret: parsed.notify.secret ?? null } : null,
      templates,
      warnings: [...(options.unsetVariables === 'warn' ? unset : []), ...checked.warnings],
    },
  }
}

function inOrder(problems: readonly Problem[], file: string): Problem[] {
  const rank = (problem: Problem) => (problem.file === file ? 0 : 1)
  return problems.toSorted((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0))
}

/** Over what was resolved, but without secrets, of which the URL of `notify` may be one: a version that is kept everywhere must not depend on them. */
function versionOf(text: string, data: unknown, templates: string): string {
  const written = text.replace(VARIABLE, '')
  const resolved = JSON.stringify(withoutSecrets(data))
  return createHash('sha256').update(`${written}\0${resolved}\0${templates}`).digest('hex').slice(0, 12)
}

function withoutSecrets(data: unknown): unknown {
  const { sources, ...rest } = data as { sources: Record<string, object> }
  const open = Object.entries(sources).map(([name, source]) => [name, { ...source, secrets: undefined }])
  return { ...rest, notify: undefined, sources: Object.fromEntries(open) }
}

function genesysOf(genesys: Parsed['genesys']): Config['genesys'] {
  const { email } = genesys
  return {
    rateLimitPerMinute: genesys.rateLimitPerMinute,
    externalSource: genesys.externalSource ?? null,
    webmessaging: genesys.webmessaging ?? null,
    email: email
      ? { from: mailboxOf(email.from), replyTo: email.replyTo ? mailboxOf(email.replyTo) : null }
      : null,
    sms: genesys.sms ?? null,
    whatsapp: genesys.whatsapp ?? null,
    open: genesys.open ?? null,
    defaultCountry: genesys.defaultCountry ?? null,
    deliveryShare: genesys.deliveryShare,
    onlyTo: genesys.onlyTo,
  }
}

function mailboxOf({ email, name }: { email: string; name?: string | undefined }) {
  return name === undefined ? { email } : { email, name }
}

function sourceOf(name: string, source: Parsed['sources'][string]): Source {
  return {
    name,
    preset: source.preset,
    secrets: source.secrets,
    dedupeForMs: source.dedupeFor ?? presetNamed(source.preset).dedupe.forMs,
    externalSource: source.externalSource ?? null,
    ownIds: presetNamed(source.preset).ownIds,
    publicUrl: source.publicUrl ?? null,
    acceptTests: source.acceptTests,
    expectEveryMs: source.expectEvery ?? null,
    custom: source.custom ? customOf(source.custom) : null,
  }
}

function routeOf(name: string, route: Parsed['routes'][string]): Route {
  const fields = Object.entries(route.customer ?? {}).filter(([, field]) => field !== undefined)
  return {
    name,
    on: route.on,
    mode: route.mode,
    when: route.when ?? null,
    customer: route.customer ? Object.fromEntries(fields) : null,
    findBy: route.findBy,
    template: route.template,
    channels: route.channels,
    once: route.once ?? null,
    delayMs: route.delay,
    expireAfterMs: route.expireAfter,
    brake: route.brake === 'none' ? null : { messages: route.brake.messages, perMs: route.brake.per },
    maxAttempts: route.maxAttempts,
    onUnconfirmed: route.onUnconfirmed,
    requireSessionMs: route.requireSession ?? null,
    activeConversation: route.activeConversation,
    onUndelivered: route.onUndelivered,
    purpose: route.purpose,
    oncePerMs: route.oncePer ?? null,
    onRepeat: route.onRepeat,
    cancelOn: route.cancelOn.map(({ on, match, equals = match }) => ({
      id: [...on.map(({ text }) => text), match.text, equals.text].join('\0'),
      on,
      match,
      equals,
    })),
    quietHours: route.quietHours === 'none' ? null : route.quietHours,
    cap: route.cap ? { messages: route.cap.messages, perMs: route.cap.per, group: route.cap.group } : null,
    onCap: route.onCap,
  }
}
