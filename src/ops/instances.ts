import type { Instance } from '../ledger/instances.ts'
import type { Attention, TimeWords } from './attention.ts'

/** A rolling restart takes less: while the instance that started last is younger than this, the others are about to follow. */
const ROLLING_MS = 10 * 60_000

/** Which configurations are at work, each once, that of the oldest first. */
export function configVersionsOf(instances: readonly Instance[]): string[] {
  return [...new Set(instances.map(({ configVersion }) => configVersion))]
}

/** `host-a (pid 12)`: in containers it is often the same number, and on one machine the same host. */
export function instanceName({ host, pid }: Pick<Instance, 'host' | 'pid'>): string {
  return `${host} (pid ${pid})`
}

/**
 * That instances run with different configurations: one of them words, holds or addresses a message in another way than the next. Nothing where all have the same, or are about to. `instances`: as
 * `reads.instances` answers them, the oldest first. `now`: epoch milliseconds.
 */
export function differing(
  instances: readonly Instance[],
  now: number,
  time: TimeWords,
): Omit<Attention, 'line'>[] {
  const versions = configVersionsOf(instances)
  const another = instances.find(({ configVersion }) => configVersion !== versions[0])
  const last = instances.at(-1)
  if (!another || !last || now - last.startedAt <= ROLLING_MS) return []
  const namesOf = (isMeant: (instance: Instance) => boolean) =>
    instances.filter(isMeant).map(instanceName).join(', ')
  const parts = versions.map(
    (version) => `${version} on ${namesOf(({ configVersion }) => configVersion === version)}`,
  )
  const others = namesOf(({ configVersion }) => configVersion !== last.configVersion)
  return [
    {
      kind: 'instances',
      cause: 'instances',
      since: another.startedAt,
      count: instances.length,
      subject: {},
      what: `${instances.length} instances run with different configurations (${parts.join('; ')})`,
      todo: `give all of them the same files, and restart those that run with others than ${instanceName(last)}, which started last, at ${time(last.startedAt)}: ${others}`,
      command: null,
    },
  ]
}
