import type { Variables } from '../environment.ts'
import type { Config, Problem } from './config.ts'
import { loadConfig } from './load.ts'

/** What the files of a configuration say by now, which a service reads when it starts. */
export type ConfigNow =
  | { kind: 'same' }
  | { kind: 'other'; version: string }
  | { kind: 'invalid'; problems: readonly Problem[] }

/** Reads the files of a configuration that is loaded once more, and compares. */
export function configNow(
  { file, version }: Pick<Config, 'file' | 'version'>,
  variables: Variables,
): ConfigNow {
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'error' })
  if (loaded.kind === 'invalid') return { kind: 'invalid', problems: loaded.problems }
  return loaded.config.version === version
    ? { kind: 'same' }
    : { kind: 'other', version: loaded.config.version }
}
