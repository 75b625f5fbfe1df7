import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { messageOf } from '../errors.ts'
import { CHANNELS, type Channel } from '../message.ts'
import type { Problem } from './config.ts'
import { type FrontMatter, readFrontMatter } from './front-matter.ts'
import { type CompiledText, compileText } from './liquid.ts'
import type { CompiledResponse } from './response.ts'

/** One file of the templates folder. */
export type TemplateFile = {
  file: string
  name: string
  channel: Channel | null
  locale: string | null
  html: boolean
  subject: CompiledText | null
  /** What whatsapp takes instead of the text. */
  response: CompiledResponse | null
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
  const read = readFrontMatter(file, matter)
  if (read.kind === 'broken') return read
  const { front } = read

  const text = compileText(body.trimEnd(), { html: named.html })
  if (text.kind === 'broken') return broken(text.reason, (text.line ?? 1) + bodyLine - 1)
  const misplaced = misplacedIn(front, named)
  if (misplaced !== null) return broken(misplaced.message, misplaced.line)
  const version = `${fileName}@${createHash('sha256').update(content).digest('hex').slice(0, 8)}`
  const { subject, response } = front
  return {
    kind: 'read',
    content,
    template: { file: fileName, ...named, subject, response, text: text.value, version },
  }
}

type Named = Pick<TemplateFile, 'name' | 'channel' | 'locale' | 'html'>

/** What a front matter has that no channel of its file can use, or lacks that its only channel needs. */
function misplacedIn(front: FrontMatter, named: Named): { message: string; line: number } | null {
  const { name, channel, locale, html } = named
  if (front.subject !== null && html) {
    const beside = [name, 'email', ...(locale === null ? [] : [locale]), 'liquid'].join('.')
    const message = `subject: an email's subject stands in its text, ${beside}`
    return { message, line: front.lineOf('subject') }
  }
  if (front.subject !== null && channel !== null && channel !== 'email') {
    return { message: `subject: ${channel} has none, only an email has`, line: front.lineOf('subject') }
  }
  if (front.response !== null && channel !== null && channel !== 'whatsapp') {
    const message = `whatsapp: a file for ${channel} is never sent over whatsapp`
    return { message, line: front.lineOf('whatsapp') }
  }
  if (front.response === null && channel === 'whatsapp') {
    return { message: `whatsapp needs a front matter with ${RESPONSE_FORM}`, line: 1 }
  }
  return null
}

/** How a front matter names the response that whatsapp takes. */
export const RESPONSE_FORM = 'whatsapp: { responseId, body: [..] }'

/** What the name of the file says; what is wrong with it, where it says nothing. */
function partsOf(fileName: string): Named | string {
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
