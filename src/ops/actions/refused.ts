import { planEvent } from '../../plan/plan.ts'
import { type Rechecked, recheckRefused } from '../../receive/recheck.ts'
import { type ActionDeps, type By, type Missing, missing } from './outcome.ts'

/** Takes in what was refused of a source and proves authentic now. Times: epoch milliseconds of receipt. `onDone`: how many of how many. */
export async function recheck(
  { ledger, config, clock }: ActionDeps,
  { by }: By,
  { source: name, ...span }: { source: string; since?: number; until?: number },
  onDone?: (done: number, total: number) => void,
): Promise<{ kind: 'done'; rechecked: Rechecked } | Missing> {
  const source = config.sources.get(name)
  if (!source) {
    const names = [...config.sources.keys()].join(', ') || 'none'
    return missing(`There is no source ${name} in ${config.file}; there are: ${names}`)
  }
  const deps = { ledger, config, plan: planEvent, now: () => clock.now() }
  return { kind: 'done', rechecked: await recheckRefused({ source, ...span, by }, deps, onDone) }
}
