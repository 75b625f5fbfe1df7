import { phoneNumber } from '../address.ts'
import type { Config } from '../config/config.ts'
import { loadConfig, type UnsetAt } from '../config/load.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import * as whom from '../ops/actions/whom.ts'
import { problemLine } from '../settings.ts'

/** Who is meant, as commander parsed it. `source`: whose events name the customer by this externalId. */
export type Whom = whom.Written & { source?: string }

/** How customers are named, as far as this shell knows. */
export type Naming = whom.Naming & {
  /** What is not set in this environment and that a name depends on, in words; null: nothing. */
  unset: { space: string | null; defaultCountry: string | null }
}

/** No secret is needed. Throws CONFIG_INVALID, and NOT_FOUND for a source that there is none of. */
export function namingOf(variables: Variables, source: string | undefined): Naming {
  const { POSTRIDER_CONFIG: file } = readEnvironment(variables)
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'warn' })
  if (loaded.kind === 'invalid') {
    const lines = loaded.problems.map((problem) => `  ${problemLine(problem)}`)
    throw new PostriderError('CONFIG_INVALID', `The configuration is not right:\n${lines.join('\n')}`)
  }
  const { config, unsetAt } = loaded
  const named = whom.namingIn(config, source)
  if (named.kind === 'missing') throw new PostriderError('NOT_FOUND', named.reason)
  return {
    ...named.naming,
    unset: {
      space: spaceUnset(source, config, unsetAt),
      defaultCountry: wordsOf(unsetAt, ['genesys', 'defaultCountry']),
    },
  }
}

/** The name of an external source is no part of a customer's. */
function spaceUnset(name: string | undefined, { sources }: Config, unsetAt: UnsetAt): string | null {
  const at = (...path: string[]) => wordsOf(unsetAt, path) ?? wordsOf(unsetAt, [...path, 'id'])
  const source = name === undefined ? undefined : sources.get(name)
  const own = source && at('sources', source.name, 'externalSource')
  if (own) return own
  if (source && (source.externalSource || source.ownIds)) return null
  return at('genesys', 'externalSource')
}

function wordsOf(unsetAt: UnsetAt, path: readonly string[]): string | null {
  const problem = unsetAt(path)
  return problem && problemLine(problem)
}

/** `readWhom`, but throws CONFIG_INVALID where a name depends on a variable that is not set here: it would be another one than the service's. */
export function readWhom(written: whom.Written, naming: Naming): whom.Meant {
  const meant = whom.readWhom(written, naming)
  assertSet(meant.kept, naming)
  return meant
}

function assertSet({ externalId, phone }: whom.Written, { unset }: Naming): void {
  const needsCountry = phone !== undefined && phoneNumber(phone, null).kind === 'bad'
  const needed = [
    ...(externalId !== undefined && unset.space !== null ? [['an external id', unset.space]] : []),
    ...(needsCountry && unset.defaultCountry !== null
      ? [['a phone number without + and country code', unset.defaultCountry]]
      : []),
  ]
  if (needed.length === 0) return
  const lines = needed.map(([what, words]) => `  ${words}; ${what} is another customer’s without it`)
  throw new PostriderError(
    'CONFIG_INVALID',
    `Nothing was done: this shell lacks what the service has.\n${lines.join('\n')}\nSet it as for the service, in the environment or in .env, and do the same again.`,
  )
}
