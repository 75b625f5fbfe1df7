import type { Config, Source } from '../config/config.ts'
import { messageOf } from '../errors.ts'
import type { ReadEvent, UnreadableEvent } from '../event.ts'
import type { Plan, Recordable } from '../ledger/ledger.ts'
import { bodyMemoryOf } from './sources/scheme-of.ts'

/** Of what could not be planned nothing is known but that it came. */
export const NOTHING_SAID = { cancels: [], names: [], consent: null, suppress: null } as const

/** What cannot be read, or planned, is recorded nevertheless: an authentic event is never refused for our faults. */
export function recordableOf(
  event: ReadEvent | UnreadableEvent,
  source: Source,
  { config, plan }: { config: Config; plan: (event: ReadEvent, config: Config) => Plan },
): Recordable {
  const keep = { keepKeyForMs: source.dedupeForMs, keepBodyForMs: bodyMemoryOf(source) }
  if ('reason' in event) return { kind: 'unreadable', event, configVersion: config.version, ...keep }
  try {
    return { kind: 'event', event, plan: plan(event, config), ...keep }
  } catch (error) {
    const reason = `planning failed: ${messageOf(error)}; when that is mended: postrider events replan`
    const none = { notes: [], messages: [], configVersion: config.version, ...NOTHING_SAID }
    return { kind: 'event', event, plan: { state: 'unplanned', reason, ...none }, ...keep }
  }
}
