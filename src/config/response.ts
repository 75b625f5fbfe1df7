import type { ResponseTemplate } from '../message.ts'
import type { Scope } from '../scope.ts'
import { type CompiledText, compileText } from './liquid.ts'

/** A canned response as a front matter names it, its parameters compiled. */
export type CompiledResponse = {
  /** Throws where a parameter comes to nothing, and names it. */
  render(scope: Scope): ResponseTemplate
}

export type WrittenResponse = {
  responseId: string
  header: readonly WrittenParameter[]
  body: readonly WrittenParameter[]
}
type WrittenParameter = { id: string; value: string }
type Part = 'header' | 'body'

export type ResponseResult =
  | { kind: 'compiled'; response: CompiledResponse }
  /** Every parameter that is no Liquid, by its place in its list. */
  | { kind: 'broken'; faults: readonly { part: Part; at: number; reason: string }[] }

/** Compiles the parameters of a response. */
export function compileResponse({ responseId, header, body }: WrittenResponse): ResponseResult {
  const ofHeader = compileParameters('header', header)
  const ofBody = compileParameters('body', body)
  const faults = [...ofHeader.faults, ...ofBody.faults]
  if (faults.length > 0) return { kind: 'broken', faults }
  return {
    kind: 'compiled',
    response: {
      render: (scope) => ({ responseId, header: ofHeader.render(scope), body: ofBody.render(scope) }),
    },
  }
}

function compileParameters(part: Part, parameters: readonly WrittenParameter[]) {
  const compiled: { id: string; text: CompiledText }[] = []
  const faults: { part: Part; at: number; reason: string }[] = []
  for (const [at, { id, value }] of parameters.entries()) {
    const result = compileText(value, { html: false })
    if (result.kind === 'compiled') compiled.push({ id, text: result.value })
    else faults.push({ part, at, reason: result.reason })
  }
  const render = (scope: Scope) =>
    compiled.map(({ id, text }) => ({ id, value: rendered(text, scope, `whatsapp.${part} ${id}`) }))
  return { faults, render }
}

/**
 * On one line, because WhatsApp says: "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
 * (https://github.com/netflie/whatsapp-cloud-api/issues/201).
 */
function rendered(text: CompiledText, scope: Scope, name: string): string {
  const value = text.render(scope).replace(/\s+/g, ' ').trim()
  if (value === '') throw new Error(`${name} comes to nothing`)
  return value
}

/** What operators see of a response that has no text of its own. */
export function shownAs({ responseId, header, body }: ResponseTemplate): string {
  return [
    `Response ${responseId}`,
    ...header.map(({ id, value }) => `header ${id}: ${value}`),
    ...body.map(({ id, value }) => `${id}: ${value}`),
  ].join('\n')
}
