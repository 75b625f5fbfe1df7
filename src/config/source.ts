import type { z } from 'zod'
import type { Scheme } from '../receive/signature/scheme.ts'
import { type PresetName, presetNamed } from '../receive/sources/presets.ts'
import { type CustomBlock, customOf } from './custom.ts'
import { formatDuration } from './duration.ts'
import { secretProblem } from './secret.ts'

/** A source as its block says, its form checked. */
export type ParsedSource = {
  preset: PresetName
  secrets: readonly string[]
  dedupeFor?: number | undefined
  externalSource?: object | undefined
  custom?: z.output<typeof CustomBlock> | undefined
}

type Problem = { path: readonly (string | number)[]; message: string }

/** What a source's keys say against each other and against its preset. */
export function sourceProblems(source: ParsedSource): Problem[] {
  const { preset: name, secrets, dedupeFor, externalSource, custom } = source
  const preset = presetNamed(name)
  const problems: Problem[] = []
  const problem = (path: Problem['path'], message: string) => void problems.push({ path, message })

  const asks = preset.custom ?? 'none'
  if (asks === 'needed' && custom === undefined) {
    problem(
      ['custom'],
      `needed by the preset ${name}: how the sender proves itself, and where its events say what`,
    )
  }
  if (asks === 'none' && custom !== undefined) {
    problem(['custom'], `belongs to the presets custom and github-style; the preset ${name} knows its sender`)
  }
  const ofCustom = custom ? customOf(custom).scheme : null
  if (asks === 'needed' && custom !== undefined && ofCustom === null) {
    problem(['custom'], 'expected signature or token: how the sender proves itself')
  }
  if (asks === 'reading' && ofCustom !== null) {
    problem(['custom'], `signature and token belong to the preset custom: how ${name} signs is known`)
  }

  const scheme: Scheme | null = ofCustom ?? preset.scheme
  for (const [at, secret] of secrets.entries()) {
    const message = scheme === null ? null : secretProblem(scheme, secret)
    if (message !== null) problem(['secrets', at], message)
  }
  const { leastMs } = preset.dedupe
  if (dedupeFor !== undefined && dedupeFor < leastMs) {
    problem(
      ['dedupeFor'],
      `expected at least ${formatDuration(leastMs)}: the sender tries again for so long, and a late try would be a new event`,
    )
  }
  if (externalSource !== undefined && preset.customer.names.length === 0) {
    problem(['externalSource'], `belongs to other presets: events of ${name} name no externalId; remove it`)
  }
  return problems
}
