import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import { CLI_SOURCE } from '../event.ts'
import type { Reads } from '../ledger/reads.ts'
import { problemLine } from '../settings.ts'
import { openForCommand } from './ledger.ts'
import { print, type Terminal } from './output.ts'
import { printSimulated, printSimulatedJson } from './simulate-show.ts'
import type { Span } from './simulate-tally.ts'
import { walk } from './simulate-walk.ts'

export type SimulateOptions = Omit<Span, 'until'> & {
  until?: number
  /** Instead of the present one. */
  config?: string
  /** Texts of each route. */
  samples: number
  json?: boolean
}

/**
 * Plans the stored events of a span again, and shows what would become of their messages and where that differs from what did. Sends nothing and writes nothing. False where an
 * event cannot be read any more or planned, or a text cannot be rendered.
 */
export async function simulate(
  variables: Variables,
  { config: file, until = Date.now(), json, ...options }: SimulateOptions,
  terminal: Terminal,
): Promise<boolean> {
  const environment = readEnvironment(variables)
  const config = candidateOf(file ?? environment.POSTRIDER_CONFIG, variables)
  const ledger = await openForCommand(environment)
  try {
    const walked = await walk(ledger.reads, config, { ...options, until }, terminal)
    const simulated = { ...walked, config, since: options.since, until }
    if (json) printSimulatedJson(simulated, terminal)
    else printSimulated(simulated, terminal)
    const { source } = options
    if (source !== undefined && !(await isKnown(source, config, ledger.reads))) {
      const there = [...config.sources.keys()].join(', ')
      const words = `Nothing has the source ${source}, neither the configuration nor an event of the ledger. The configuration has: ${there}`
      print({ ...terminal, out: terminal.err }, words, 'yellow')
    }
    return walked.faults.length === 0
  } finally {
    await ledger.close()
  }
}

/** A mistyped name would look like a source that has been silent. */
async function isKnown(
  source: string,
  { sources }: Pick<Config, 'sources'>,
  reads: Pick<Reads, 'events'>,
): Promise<boolean> {
  return source === CLI_SOURCE || sources.has(source) || (await reads.events({ source, limit: 1 })).length > 0
}

/** Needs no secret: nothing is verified or sent. */
function candidateOf(file: string, variables: Variables): Config {
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'warn' })
  if (loaded.kind === 'loaded') return loaded.config
  const lines = loaded.problems.map((problem) => `  ${problemLine(problem)}`)
  throw new PostriderError('CONFIG_INVALID', `The configuration is not right:\n${lines.join('\n')}`)
}
