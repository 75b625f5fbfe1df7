import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { messageOf } from '../errors.ts'
import { CHANNELS, type Channel } from '../message.ts'
import type { Problem } from './config.ts'
import { describeIssues } from './issues.ts'
import { type CompiledText, compileText } from './liquid.ts'
import { FrontMatter } from './schema.ts'
import { readYaml } from './yaml.ts'

/** One file of the templates folder. */
export type TemplateFile = {
  file: string
  name: string
  channel: Channel | null
  locale: string | null
  html: boolean
  subject: CompiledText | null
  text: CompiledText
  /** `ticket-resolved.de.liquid@3f9a2c71`: changes with the content. */
  version: string
}

export type ReadTemplate =
  | { kind: 'read'; template: TemplateFile; content: string }
  | { kind: 'broken'; problems: Problem[] }

/** `<name>[.<channel>][.<locale>][.html].liquid`; a locale is `de` or `de-AT`. */
const FILE_NAME =
  /^([a-z0-9][a-z0-9-]*)(?:\.([a-z]+))?(?:\.([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*))?(\.html)?\.liquid$/

/** Reads and parses one template; `fileName` is the last part of the path `file`. */
export function readTemplateFile(file: string, fileName: string): ReadTemplate {
  const broken = (message: string, line: number | null = null): ReadTemplate => ({
    kind: 'broken',
    problems: [{ file, line, message }],
  })
  const named = partsOf(fileName)
  if (typeof named === 'string') return broken(named)
  let content: string
  try {
    content = readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    return broken(`cannot be read: ${messageOf(error)}`)
  }
  const parts = splitFrontMatter(content)
  if (parts === null) return broken('the front matter begins with --- and has no line --- at its end', 1)
  const { matter, body, bodyLine } = parts
  const front = readFrontMatter(file, matter)
  if (front.kind === 'broken') return front

  const text = compileText(body.trimEnd(), { html: named.html })
  if (text.kind === 'broken') return broken(text.reason, (text.line ?? 1) + bodyLine - 1)
  if (front.subject !== null && named.html) {
    const { name, locale } = named
    const beside = [name, 'email', ...(locale === null ? [] : [locale]), 'liquid'].join('.')
    return broken(`subject: an email's subject stands in its text, ${beside}`, front.line)
  }
  const subject = front.subject === null ? null : compileText(front.subject, { html: false })
  if (subject?.kind === 'broken') return broken(`subject: ${subject.reason}`, front.line)
  const version = `${fileName}@${createHash('sha256').update(content).digest('hex').slice(0, 8)}`
  return {
    kind: 'read',
    content,
    template: { file: fileName, ...named, subject: subject?.value ?? null, text: text.value, version },
  }
}

/** What the name of the file says; what is wrong with it, where it says nothing. */
function partsOf(fileName: string): Pick<TemplateFile, 'name' | 'channel' | 'locale' | 'html'> | string {
  const parts = FILE_NAME.exec(fileName)
  if (!parts)
    return 'a template is named NAME[.CHANNEL][.LOCALE].liquid, such as ticket-resolved.email.de.liquid'
  const [, name = '', second, third, html] = parts
  const channel = CHANNELS.find((one) => one === second) ?? null
  if (second !== undefined && channel === null && (third !== undefined || !/^[a-z]{2,3}$/.test(second))) {
    return `"${second}" is neither a channel (${CHANNELS.join(', ')}) nor a locale`
  }
  const locale = channel === null ? (second ?? third ?? null) : (third ?? null)
  if (html && channel !== 'email') return 'only an email has HTML: NAME.email[.LOCALE].html.liquid'
  return { name, channel, locale, html: html !== undefined }
}

/** Null: it begins and does not end. `bodyLine`: the line of the file where the body begins. */
function splitFrontMatter(content: string): { matter: string; body: string; bodyLine: number } | null {
  if (!/^---[ \t]*\r?\n/.test(content)) return { matter: '', body: content, bodyLine: 1 }
  const match = /^---[ \t]*\r?\n([\s\S]*?)^---[ \t]*(?:\r?\n|$)/m.exec(content)
  if (match?.index !== 0) return null
  return {
    matter: match[1] ?? '',
    body: content.slice(match[0].length),
    bodyLine: match[0].split('\n').length,
  }
}

type Front = { kind: 'read'; subject: string | null; line: number } | { kind: 'broken'; problems: Problem[] }

function readFrontMatter(file: string, matter: string): Front {
  /** The first line of the file is the `---`. */
  const inFile = (problem: Problem): Problem => ({ ...problem, line: (problem.line ?? 1) + 1 })
  const yaml = readYaml(file, matter, () => undefined)
  if (yaml.problems.length > 0) return { kind: 'broken', problems: yaml.problems.map(inFile) }
  const parsed = FrontMatter.safeParse(yaml.data ?? {})
  if (!parsed.success) {
    const problems = describeIssues(parsed.error.issues, file, yaml, FrontMatter)
    return { kind: 'broken', problems: problems.map(inFile) }
  }
  return { kind: 'read', subject: parsed.data.subject ?? null, line: (yaml.lineOf(['subject']) ?? 1) + 1 }
}
