import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Channel, TEXT_LIMITS } from '../message.ts'
import type { Scope } from '../scope.ts'
import type { Problem, RenderResult, Templates } from './config.ts'
import { liquidWords } from './liquid.ts'
import { shownAs } from './response.ts'
import { RESPONSE_FORM, readTemplateFile, type TemplateFile } from './template-file.ts'

/** Reads and parses every template of a folder. `content` is what the configuration's version is made of. */
export function loadTemplates(folder: string): {
  templates: Templates
  problems: Problem[]
  /** The names of templates of which a file cannot be used. */
  broken: ReadonlySet<string>
  content: string
} {
  const problems: Problem[] = []
  const files: TemplateFile[] = []
  const contents: string[] = []
  const broken = new Set<string>()
  for (const name of listed(folder)) {
    const file = join(folder, name)
    const read = readTemplateFile(file, name)
    if (read.kind === 'read') {
      files.push(read.template)
      contents.push(name, read.content)
    } else {
      problems.push(...read.problems)
      broken.add(name.split('.')[0] ?? name)
    }
  }
  return { templates: templatesOf(files), problems, broken, content: contents.join('\0') }
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

function templatesOf(files: readonly TemplateFile[]): Templates {
  const names = [...new Set(files.map(({ name }) => name))].sort()
  return {
    names,
    files: (name) => files.filter((one) => one.name === name).map(({ file }) => file),
    hasSubject: (name) => chosenFrom(files, name, 'email').every(({ subject }) => subject !== null),
    hasResponse: (name) => chosenFrom(files, name, 'whatsapp').every(({ response }) => response !== null),
    render(name, channel, scope): RenderResult {
      const own = files.filter((one) => one.name === name)
      const { locale } = scope.customer
      const template = mostSpecific(
        own.filter(({ html }) => !html),
        channel,
        locale,
      )
      if (!template) {
        return unrenderable(
          'no-template',
          `There is no template ${name} for ${channel}. Add ${name}.liquid to the templates.`,
        )
      }
      const html = mostSpecific(
        own.filter((one) => one.html),
        channel,
        locale,
      )
      try {
        if (channel === 'whatsapp') return ofResponse(template, scope)
        return channel === 'email' ? ofEmail(template, html, scope) : ofText(template, channel, scope)
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
 * The files that a channel may be rendered from. Where it has files of its own for every locale but none without one, the general files can be
 * chosen too.
 */
function chosenFrom(files: readonly TemplateFile[], name: string, channel: Channel): TemplateFile[] {
  const own = files.filter((one) => one.name === name && !one.html)
  const forChannel = own.filter((one) => one.channel === channel)
  return forChannel.some(({ locale }) => locale === null)
    ? forChannel
    : own.filter((one) => one.channel === null || one.channel === channel)
}

function ofText(template: TemplateFile, channel: Channel, scope: Scope): RenderResult {
  const text = template.text.render(scope).trim()
  if (text === '') return unrenderable('template-error', `${template.file} comes to an empty text.`)
  const limit = TEXT_LIMITS[channel]
  if (limit !== null && text.length > limit) {
    return unrenderable(
      'text-too-long',
      `${template.file} comes to ${text.length} characters; ${channel} carries ${limit}.`,
    )
  }
  return { kind: 'rendered', rendered: { channel, text, templateVersion: template.version } }
}

function ofEmail(template: TemplateFile, html: TemplateFile | null, scope: Scope): RenderResult {
  const result = ofText(template, 'email', scope)
  if (result.kind === 'unrenderable') return result
  if (template.subject === null) {
    return unrenderable(
      'template-error',
      `${template.file} has no subject: in its front matter, as an email needs.`,
    )
  }
  const subject = template.subject.render(scope).replace(/\s+/g, ' ').trim()
  if (subject === '') return unrenderable('template-error', `${template.file} comes to an empty subject.`)
  const inHtml = html === null ? {} : { html: html.text.render(scope) }
  const { templateVersion, ...rendered } = result.rendered
  return { kind: 'rendered', rendered: { ...rendered, subject, ...inHtml, templateVersion } }
}

/** The text is what operators see, of any length: the customer gets the response. */
function ofResponse(template: TemplateFile, scope: Scope): RenderResult {
  if (template.response === null) {
    return unrenderable(
      'template-error',
      `${template.file} has no response: in its front matter, as whatsapp needs: ${RESPONSE_FORM}.`,
    )
  }
  const whatsapp = template.response.render(scope)
  const text = template.text.render(scope).trim() || shownAs(whatsapp)
  return {
    kind: 'rendered',
    rendered: { channel: 'whatsapp', text, whatsapp, templateVersion: template.version },
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
