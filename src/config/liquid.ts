import { EchoTag, Liquid, Output, type Template, type Value } from 'liquidjs'
import { messageOf } from '../errors.ts'
import type { Scope } from '../message.ts'
import type { Condition, Field } from './config.ts'

/**
 * A payload has at most 1 MiB, and copying all of it once must be possible. Time alone does not bound a render: a chain of filters over 1 MB
 * is one step, and was measured at 500 ms under a limit of 50.
 */
const LIMITS = { renderLimit: 100, memoryLimit: 2_000_000, parseLimit: 100_000 }

/** No template reaches a file: what a route says stands in its template alone. */
const NO_FILES = ['include', 'render', 'layout', 'block']

function engine(strict: boolean): Liquid {
  const liquid = new Liquid({
    ...LIMITS,
    strictVariables: strict,
    strictFilters: true,
    lenientIf: true,
    ownPropertyOnly: true,
    templates: {},
    timezoneOffset: 'Etc/UTC',
  })
  for (const name of NO_FILES) {
    liquid.registerTag(name, {
      parse() {
        throw new Error(`{% ${name} %} is not available`)
      },
      render() {},
    })
  }
  return liquid
}

let lenient: Liquid | undefined
let strict: Liquid | undefined
const lenientEngine = () => (lenient ??= engine(false))
const strictEngine = () => (strict ??= engine(true))

export type Compiled<T> = { kind: 'compiled'; value: T } | { kind: 'broken'; reason: string }

/** A condition such as `data.ticket.channel == "web"`. */
export function compileCondition(text: string): Compiled<Condition> {
  return compiled(() => {
    if (/[{%]%|%[}%]|\{\{|\}\}/.test(text)) throw new Error('a condition is written without {{ }} and {% %}')
    const template = lenientEngine().parse(`{% if ${text} %}true{% endif %}`)
    return { text, holds: (scope) => lenientEngine().renderSync(template, { ...scope }) === 'true' }
  })
}

/** A field such as `{{ data.customer.id }}`. */
export function compileField(text: string): Compiled<Field> {
  return compiled(() => {
    const template = lenientEngine().parse(text)
    // An object is no identifier; liquidjs would print it as [object Object].
    mapOutputs(template, (value) => (typeof value === 'object' ? '' : value))
    return {
      text,
      value(scope) {
        const value = String(lenientEngine().renderSync(template, { ...scope })).trim()
        return value === '' ? undefined : value
      },
    }
  })
}

export type CompiledText = { render(scope: Scope): string }

/**
 * A template's text, strict: every output must come to something. With `html` its outputs are made safe to stand in HTML, but for those that end
 * in `raw`.
 */
export function compileText(text: string, options: { html: boolean }): Compiled<CompiledText> {
  return compiled(() => {
    const template = strictEngine().parse(text)
    mapOutputs(template, (value, output) => {
      const words = required(value, output.text)
      return options.html && !output.raw ? escapeHtml(words) : words
    })
    return { render: (scope) => String(strictEngine().renderSync(template, { ...scope })) }
  })
}

/** liquidjs alone prints a hole for null and '', and `[object Object]` for an object, under `strictVariables` too. */
function required(value: unknown, output: string): string {
  if (value === undefined || value === null) throw new Error(`${output} has no value`)
  if (typeof value === 'object')
    throw new Error(`${output} is ${Array.isArray(value) ? 'a list' : 'an object'}, not a text`)
  const words = String(value)
  if (words.trim() === '') throw new Error(`${output} is empty`)
  return words
}

function compiled<T>(compile: () => T): Compiled<T> {
  try {
    return { kind: 'compiled', value: compile() }
  } catch (error) {
    return { kind: 'broken', reason: liquidWords(error) }
  }
}

/** Liquid's words without the excerpt of the template that follows them. */
export function liquidWords(error: unknown): string {
  return (messageOf(error).split('\n')[0] ?? '').replace(/, file:.*?(, line|$)/, '$1')
}

/** Passes the value of every output of a parsed template, however deep in its tags, through `map`. */
function mapOutputs(
  templates: readonly Template[],
  map: (value: unknown, output: { text: string; raw: boolean }) => unknown,
): void {
  for (const template of templates) {
    if (template instanceof Output || template instanceof EchoTag) {
      const { value } = template as { value?: Value }
      if (value) {
        const original = value.value.bind(value)
        const output = { text: template.token.getText(), raw: value.filters.at(-1)?.name === 'raw' }
        value.value = function* (context, leniently) {
          return map(yield* original(context, leniently), output)
        }
      }
    }
    const inner = (template as Template).children?.(false, true)
    if (inner) mapOutputs(exhaust(inner), map)
  }
}

/** liquidjs walks templates with generators that yield what a file system would answer; here none is asked. */
function exhaust(generator: Generator<unknown, Template[]>): Template[] {
  let step = generator.next()
  while (!step.done) step = generator.next(step.value)
  return step.value
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}
