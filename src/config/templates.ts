import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { CHANNELS, type Channel, TEXT_LIMITS } from '../message.ts'
import type { Problem, RenderResult, Templates } from './config.ts'
import { type CompiledText, compileText, liquidWords } from './liquid.ts'
import { readYaml } from './yaml.ts'

/** One file of the templates folder. */
type TemplateFile = {
  file: string
  name: string
  channel: Channel | null
  locale: string | null
  html: boolean
  subject: CompiledText | null
  text: CompiledText
  version: string
}

/** `<name>[.<channel>][.<locale>][.html].liquid`; a locale is `de` or `de-AT`. */
const FILE_NAME =
  /^([a-z0-9][a-z0-9-]*)(?:\.([a-z]+))?(?:\.([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*))?(\.html)?\.liquid$/

/** Reads and parses every template of a folder. `content` is what the configuration's version is made of. */
export function loadTemplates(folder: string): {
  templates: Templates
  problems: Problem[]
  content: string
} {
  const problems: Problem[] = []
  const files: TemplateFile[] = []
  const contents: string[] = []
  for (const name of listed(folder)) {
    const file = join(folder, name)
    const text = readFileSync(file, 'utf8')
    contents.push(name, text)
    const read = readTemplate(file, name, text)
    if (read.kind === 'read') files.push(read.template)
    else problems.push(...read.problems)
  }
  return { templates: templatesOf(files), problems, content: contents.join('\0') }
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.liquid'))
      .sort()
  } catch {
    // No folder: every route then says that its template is missing, which is what there is to mend.
    return []
  }
}

type Read = { kind: 'read'; template: TemplateFile } | { kind: 'broken'; problems: Problem[] }

const FrontMatter = z.strictObject({ subject: z.string('expected text').optional() })

function readTemplate(file: string, fileName: string, content: string): Read {
  const broken = (message: string, line: number | null = null): Read => ({
    kind: 'broken',
    problems: [{ file, line, message }],
  })
  const parts = FILE_NAME.exec(fileName)
  if (!parts)
    return broken(
      'a template is named NAME[.CHANNEL][.LOCALE].liquid, such as ticket-resolved.email.de.liquid',
    )
  const [, name = '', second, third, html] = parts
  const channel = CHANNELS.find((one) => one === second) ?? null
  if (second !== undefined && channel === null && (third !== undefined || !/^[a-z]{2,3}$/.test(second))) {
    return broken(`"${second}" is neither a channel (${CHANNELS.join(', ')}) nor a locale`)
  }
  const locale = channel === null ? (second ?? third ?? null) : (third ?? null)
  if (html && channel !== 'email') return broken('only an email has HTML: NAME.email[.LOCALE].html.liquid')

  const { matter, body, bodyLine } = splitFrontMatter(content)
  const yaml = readYaml(file, matter, () => undefined)
  if (yaml.problems.length > 0) {
    return { kind: 'broken', problems: yaml.problems.map((one) => ({ ...one, line: (one.line ?? 1) + 1 })) }
  }
  const settings = FrontMatter.safeParse(yaml.data ?? {})
  if (!settings.success) {
    return broken(
      settings.error.issues
        .map((issue) => `front matter: ${issue.path.join('.')} ${issue.message}`.trim())
        .join('; '),
      2,
    )
  }
  const text = compileText(body.trimEnd(), { html: html !== undefined })
  if (text.kind === 'broken') return broken(text.reason, lineIn(text.reason, bodyLine))
  const subject =
    settings.data.subject === undefined ? null : compileText(settings.data.subject, { html: false })
  if (subject?.kind === 'broken') return broken(`subject: ${subject.reason}`, 2)
  const version = `${fileName}@${createHash('sha256').update(content).digest('hex').slice(0, 8)}`
  return {
    kind: 'read',
    template: {
      file: fileName,
      name,
      channel,
      locale,
      html: html !== undefined,
      subject: subject?.value ?? null,
      text: text.value,
      version,
    },
  }
}

function splitFrontMatter(content: string): { matter: string; body: string; bodyLine: number } {
  const match = /^---\r?\n([\s\S]*?)^---[ \t]*(?:\r?\n|$)/m.exec(content)
  if (match?.index !== 0) return { matter: '', body: content, bodyLine: 1 }
  const body = content.slice(match[0].length)
  return { matter: match[1] ?? '', body, bodyLine: match[0].split('\n').length }
}

/** liquidjs counts lines from the beginning of the body. */
function lineIn(reason: string, bodyLine: number): number {
  return Number(/line:(\d+)/.exec(reason)?.[1] ?? 1) + bodyLine - 1
}

function templatesOf(files: readonly TemplateFile[]): Templates {
  const names = [...new Set(files.map(({ name }) => name))].sort()
  return {
    names,
    files: (name) => files.filter((one) => one.name === name).map(({ file }) => file),
    hasSubject(name) {
      const own = files.filter((one) => one.name === name && !one.html)
      const forEmail = own.filter(({ channel }) => channel === 'email')
      // Where the email has files for every locale but none without one, the general files can be chosen too.
      const chosen = forEmail.some(({ locale }) => locale === null)
        ? forEmail
        : own.filter(({ channel }) => channel === null || channel === 'email')
      return chosen.every(({ subject }) => subject !== null)
    },
    render(name, channel, scope): RenderResult {
      const own = files.filter((one) => one.name === name)
      const template = mostSpecific(
        own.filter(({ html }) => !html),
        channel,
        scope.customer.locale,
      )
      if (!template) {
        return unrenderable(
          'no-template',
          `There is no template ${name} for ${channel}. Add ${name}.liquid to the templates.`,
        )
      }
      const htmlOf = mostSpecific(
        own.filter(({ html }) => html),
        channel,
        scope.customer.locale,
      )
      try {
        const text = template.text.render(scope).trim()
        if (text === '') return unrenderable('template-error', `${template.file} comes to an empty text.`)
        const limit = TEXT_LIMITS[channel]
        if (limit !== null && text.length > limit) {
          return unrenderable(
            'text-too-long',
            `${template.file} comes to ${text.length} characters; ${channel} carries ${limit}.`,
          )
        }
        if (channel !== 'email')
          return { kind: 'rendered', rendered: { channel, text, templateVersion: template.version } }
        if (!template.subject)
          return unrenderable(
            'template-error',
            `${template.file} has no subject: in its front matter, as an email needs.`,
          )
        const subject = template.subject.render(scope).replace(/\s+/g, ' ').trim()
        const html = htmlOf?.text.render(scope)
        return {
          kind: 'rendered',
          rendered: {
            channel,
            text,
            subject,
            ...(html === undefined ? {} : { html }),
            templateVersion: template.version,
          },
        }
      } catch (error) {
        return unrenderable(
          'template-error',
          `${template.file}: ${liquidWords(error)}. Mend the template or the event, then re-trigger.`,
        )
      }
    },
  }
}

/**
 * The channel counts before the locale: what an email needs (its subject) stands in the email's own files. `de-AT` falls back to `de`, then to
 * none.
 */
function mostSpecific(
  files: readonly TemplateFile[],
  channel: Channel,
  locale: string | undefined,
): TemplateFile | null {
  const locales = localesOf(locale)
  for (const wanted of [channel, null]) {
    for (const one of [...locales, null]) {
      const found = files.find(
        (file) => file.channel === wanted && (file.locale?.toLowerCase() ?? null) === one,
      )
      if (found) return found
    }
  }
  return null
}

/** `de-AT` or `de_AT` → `de-at`, `de`. */
function localesOf(locale: string | undefined): string[] {
  const parts = locale?.toLowerCase().replaceAll('_', '-').split('-') ?? []
  return parts.map((_, n) => parts.slice(0, parts.length - n).join('-')).filter((one) => one !== '')
}

function unrenderable(code: string, reason: string): RenderResult {
  return { kind: 'unrenderable', code, reason }
}
