import { type Context, EchoTag, Liquid, Output, type Template, type Value } from 'liquidjs'
import { messageOf } from '../errors.ts'
import type { Scope } from '../scope.ts'
import { harmless } from '../untrusted.ts'
import { leftOver, misreadIn } from './expressions.ts'

/**
 * A payload has at most 1 MiB, and copying all of it once must be possible. Time alone does not bound a render: a chain of filters over 1 MB
 * is one step, and was measured at 500 ms under a limit of 50.
 */
const LIMITS = { renderLimit: 100, memoryLimit: 2_000_000, parseLimit: 100_000 }

/** No template reaches a file: what a route says stands in its template alone. And `cycle` would print past strictness and escaping. */
const UNAVAILABLE = ['include', 'render', 'layout', 'block', 'cycle']

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
  for (const name of UNAVAILABLE) {
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

export type Compiled<T> =
  | { kind: 'compiled'; value: T }
  /** `line`: of the text, from 1; null where Liquid does not know. */
  | { kind: 'broken'; reason: string; line: number | null }

type ConditionOver<S> = { text: string; holds(scope: S): boolean }
type FieldOver<S> = { text: string; value(scope: S): string | undefined }

/**
 * The limit is time on the wall: a process that was stopped for a moment in between has used it up without having done anything, and renders once more. What has used up
 * that much of the processor is too much, and is not made to do it twice.
 */
function rendered(engine: Liquid, template: Template[], scope: object): string {
  const render = () => String(engine.renderSync(template, { ...scope }))
  const begin = process.threadCpuUsage()
  try {
    return render()
  } catch (error) {
    if (!/render limit exceeded/.test(messageOf(error))) throw error
    const { user, system } = process.threadCpuUsage(begin)
    if (user + system >= LIMITS.renderLimit * 1000) throw error
    return render()
  }
}

/** A condition such as `data.ticket.channel == "web"`. `S`: what it sees; what routes see by default. */
export function compileCondition<S extends object = Scope>(text: string): Compiled<ConditionOver<S>> {
  return compiled(() => {
    if (/[{%]%|%[}%]|\{\{|\}\}/.test(text)) throw new Error('a condition is written without {{ }} and {% %}')
    const template = parsed(lenientEngine(), `{% if ${text} %}true{% endif %}`)
    const rest = leftOver(text)
    if (rest !== null) throw new Error(rest)
    return { text, holds: (scope) => rendered(lenientEngine(), template, scope) === 'true' }
  })
}

/** A field such as `{{ data.customer.id }}`. */
export function compileField<S extends object = Scope>(text: string): Compiled<FieldOver<S>> {
  return compiled(() => {
    const template = parsed(lenientEngine(), text)
    // An object is no identifier; liquidjs would print it as [object Object].
    mapOutputs(template, (value) => (typeof value === 'object' ? '' : value))
    return {
      text,
      value(scope) {
        const value = rendered(lenientEngine(), template, scope).trim()
        return value === '' ? undefined : value
      },
    }
  })
}

/**
 * The headers that a field names, `headers["x-topic"]`, as it has them. Null: it takes one whose name it does not say, or all of them. For text that was compiled.
 */
export function headersNamedIn(text: string): string[] | null {
  const liquid = lenientEngine()
  const segments = liquid.globalVariableSegmentsSync(liquid.parse(text))
  const names = segments.filter(([variable]) => variable === 'headers').map(([, name]) => name)
  return names.every((name) => typeof name === 'string') ? [...new Set(names)] : null
}

/** What a field reads of its scope, `event.id`, as far as it is written out; null where it is no Liquid. */
export function variablesIn(text: string): string[] | null {
  try {
    const liquid = lenientEngine()
    const segments = liquid.globalVariableSegmentsSync(liquid.parse(text))
    return segments.map((path) => path.filter((part) => typeof part === 'string').join('.'))
  } catch {
    return null
  }
}

export type CompiledText = { render(scope: Scope): string }

/**
 * A template's text, strict: every output must come to something. With `html` its outputs are made safe to stand in HTML, but for those that end
 * in `raw`. The customer's name, which a stranger may have typed, is `harmless` everywhere but in outputs that end in `raw`; where nothing is left of it, it is
 * absent.
 */
export function compileText(text: string, options: { html: boolean }): Compiled<CompiledText> {
  return compiled(() => {
    const template = parsed(strictEngine(), text)
    mapOutputs(template, (value, output) => {
      const words = required(value, onOneLine(output.text))
      return options.html && !output.raw ? escapeHtml(words) : words
    })
    return { render: (scope) => rendered(strictEngine(), template, withHarmlessName(scope)) }
  })
}

/** Where a scope has the one that it was made of. No template can name it. */
const AS_IT_CAME = Symbol('as it came')
type Cleaned = Scope & { [AS_IT_CAME]: Scope }

function withHarmlessName(scope: Scope): Cleaned {
  const { name, ...customer } = scope.customer
  const cleaned = name === undefined ? '' : harmless(name)
  return {
    ...scope,
    customer: cleaned === '' ? customer : { ...customer, name: cleaned },
    [AS_IT_CAME]: scope,
  }
}

/** liquidjs alone prints a hole for null and '', and `[object Object]` for an object, under `strictVariables` too. */
function required(value: unknown, output: string): string {
  if (value === undefined || value === null) throw new Error(`${output} has no value`)
  if (typeof value === 'object')
    throw new Error(`${output} is ${Array.isArray(value) ? 'a list' : 'an object'}, not a text`)
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${output} is not a number`)
  const words = String(value)
  if (words.trim() === '') throw new Error(`${output} is empty`)
  return words
}

function compiled<T>(compile: () => T): Compiled<T> {
  try {
    return { kind: 'compiled', value: compile() }
  } catch (error) {
    const line = Number(/, line:(\d+), col:\d+/.exec(messageOf(error))?.[1] ?? Number.NaN)
    return { kind: 'broken', reason: liquidWords(error), line: Number.isNaN(line) ? null : line }
  }
}

/** Parses, and refuses what liquidjs would read as something else. */
function parsed(liquid: Liquid, text: string): Template[] {
  const templates = liquid.parse(text)
  eachOf(templates, (template) => {
    const reason = misreadIn(template)
    if (reason !== null) throw new Error(`${reason}, line:${template.token.getPosition()[0]}, col:1`)
  })
  return templates
}

/**
 * Liquid's words without the excerpt of the template that follows them, and without its position, which counts from where the text begins and
 * not from where the file does. A variable is named as the template has it: `a[b]` and not what b is.
 */
export function liquidWords(error: unknown): string {
  if (error instanceof Error && error.name === 'UndefinedVariableError' && 'token' in error) {
    return `undefined variable: ${onOneLine((error as LiquidError).token.getText())}`
  }
  return (messageOf(error).split('\n')[0] ?? '').replace(/(, file:.*?)?(, line:\d+, col:\d+)?$/, '')
}

type LiquidError = Error & { token: { getText(): string } }

function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** Passes the value of every output of a parsed template, however deep in its tags, through `map`. */
function mapOutputs(
  templates: readonly Template[],
  map: (value: unknown, output: { text: string; raw: boolean }) => unknown,
): void {
  eachOf(templates, (template) => {
    if (!(template instanceof Output || template instanceof EchoTag)) return
    const { value } = template as { value?: Value }
    if (!value) return
    const original = value.value.bind(value)
    const output = { text: template.token.getText(), raw: value.filters.at(-1)?.name === 'raw' }
    value.value = function* (context, leniently) {
      const restore = output.raw ? showAsItCame(context) : null
      try {
        return map(yield* original(context, leniently), output)
      } finally {
        restore?.()
      }
    }
  })
}

/** What a template assigns itself stays as it is. */
function showAsItCame(context: Context): () => void {
  const cleaned = context.environments
  if (AS_IT_CAME in cleaned) context.environments = { ...(cleaned as Cleaned)[AS_IT_CAME] }
  return () => {
    context.environments = cleaned
  }
}

/** Every part of a parsed template, however deep in its tags. */
function eachOf(templates: readonly Template[], visit: (template: Template) => void): void {
  for (const template of templates) {
    visit(template)
    const inner = template.children?.(false, true)
    if (inner) eachOf(exhaust(inner), visit)
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
